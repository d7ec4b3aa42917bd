// What makes a text-to-image training run: one JSON document.

import { z } from "zod";
import { LIMITS } from "../../core/limits.js";
import { SAMPLER_NAMES } from "../../diffusion/samplers/registry.js";
import type { SamplerName } from "../../diffusion/samplers/registry.js";
import { wholeWithin, within } from "../../io/within.js";
import { parseNewTextEncoderConfig } from "../../models/text-encoder/index.js";
import { parseNewUNetConfig } from "../../models/unet/index.js";
import { batchSize } from "../batch-size.js";
import { sceneChoiceSchema } from "../data/prepare.js";
import { timestepsSchema } from "./timesteps.js";

const share = z.number().min(0).max(1);
const folder = z.string().min(1);

export const textToImageSchema = z
  .strictObject({
    kind: z.literal("text-to-image"),
    /** Side of the pictures in pixels, a multiple of the autoencoder's factor. */
    size: z.int().positive(),
    scenes: sceneChoiceSchema,
    /** Folders of the trained autoencoder and of the tokenizer. */
    autoencoder: folder,
    tokenizer: folder,
    unet: z.unknown().transform(parseNewUNetConfig),
    text_encoder: z.unknown().transform(parseNewTextEncoderConfig),
    /** Folder of a trained text encoder that is kept as it is; it is trained with the UNet when null. */
    text_encoder_weights: folder.nullable().default(null),
    /** Folder of a trained model whose weights are begun with; what it lacks, or all when null, begins anew. */
    start_from: folder.nullable().default(null),
    /** The contents of scheduler_config.json. */
    scheduler: z.record(z.string(), z.unknown()),
    seed: z.int().nonnegative(),
    batch: batchSize,
    steps: z.int().positive(),
    learning_rate: z.strictObject({
      peak: z.number().positive(),
      floor: z.number().nonnegative(),
      warmup: z.int().nonnegative(),
      /** Last steps over which the rate falls; all after the warm-up when null. */
      decay: z.int().positive().nullable().default(null),
    }),
    /** What moves the UNet's matrices: AdamW, or Muon with a momentum of 0.95 (training/muon.ts). */
    optimiser: z.enum(["adamw", "muon"]).default("adamw"),
    weight_decay: z.number().nonnegative(),
    ema_decay: share,
    caption_dropout: share,
    trailing_dropout: share,
    word_dropout: share.default(0),
    timesteps: timestepsSchema.default({ power: 1 }),
    /** Steps between sample sheets. */
    sample_every: z.int().positive(),
    sample_prompts: z.array(z.string()).min(1),
    /** What the trained model is to be drawn with if nothing else is said. */
    draw: z
      .strictObject({
        sampler: z.enum(SAMPLER_NAMES as [SamplerName, ...SamplerName[]]),
        steps: wholeWithin(LIMITS.steps),
        cfg: within(LIMITS.cfg),
        /** Parameters of placement methods by name, where the model wants others than their own. */
        methods: z.record(z.string(), z.record(z.string(), z.number())).optional(),
      })
      .optional(),
  })
  .readonly();

export type TextToImageConfig = z.infer<typeof textToImageSchema>;
