// What makes a contrastive run of a text encoder: one JSON document.

import { z } from "zod";
import { parseNewTextEncoderConfig } from "../../models/text-encoder/index.js";
import { batchSize } from "../batch-size.js";
import { documentDigest } from "../digest.js";
import { sceneChoiceSchema } from "../data/prepare.js";

const folder = z.string().min(1);

export const contrastiveSchema = z
  .strictObject({
    kind: z.literal("contrastive"),
    /** Side of the pictures in pixels. */
    size: z.int().positive(),
    scenes: sceneChoiceSchema,
    /** Folders of the trained autoencoder and of the tokenizer. */
    autoencoder: folder,
    tokenizer: folder,
    text_encoder: z.unknown().transform(parseNewTextEncoderConfig),
    seed: z.int().nonnegative(),
    /** Pairs a step: each caption is to be told from so many others. */
    batch: batchSize.min(2),
    /** Whether each picture is also told from a caption that is nearly right. */
    wrong_captions: z.boolean().default(false),
    steps: z.int().positive(),
    learning_rate: z.strictObject({
      peak: z.number().positive(),
      floor: z.number().nonnegative(),
      warmup: z.int().nonnegative(),
    }),
    weight_decay: z.number().nonnegative(),
    ema_decay: z.number().min(0).max(1),
  })
  .readonly();

export type ContrastiveConfig = z.infer<typeof contrastiveSchema>;

/** Identifies what a checkpoint depends on: everything but how long. */
export function contrastiveDigest(config: ContrastiveConfig): string {
  const { steps: _steps, ...rest } = config;
  return documentDigest(rest);
}
