// What makes an autoencoder's training run: one JSON document.

import { z } from "zod";
import { parseNewAutoencoderTinyConfig } from "../../models/vae/index.js";
import { batchSize } from "../batch-size.js";
import { sceneChoiceSchema } from "../data/prepare.js";
import { documentDigest } from "../digest.js";
import { factorOf } from "./folder.js";

const share = z.number().min(0).max(1);

export const autoencoderSchema = z
  .strictObject({
    kind: z.literal("autoencoder"),
    /** Side of the pictures in pixels. */
    size: z.int().positive(),
    scenes: sceneChoiceSchema,
    /** The contents of the autoencoder's config.json; its scaling_factor is measured after training. */
    autoencoder: z.unknown().transform(parseNewAutoencoderTinyConfig),
    /** Side of the squares that are cut out of pictures, in pixels, a multiple of the autoencoder's factor. */
    crop: z.int().positive(),
    /** Deviation of the noise that latents bear in training, so that the decoder forgives small errors. */
    latent_noise: z.number().nonnegative(),
    /** Weight of the mean absolute difference beside the mean squared one, whose weight is 1. */
    absolute_weight: z.number().nonnegative(),
    /** Weight of the latents' distance from mean 0 and variance 1, channel by channel. */
    moments_weight: z.number().nonnegative(),
    seed: z.int().nonnegative(),
    batch: batchSize,
    steps: z.int().positive(),
    learning_rate: z.strictObject({
      peak: z.number().positive(),
      floor: z.number().nonnegative(),
      warmup: z.int().nonnegative(),
    }),
    weight_decay: z.number().nonnegative(),
    beta2: share,
    ema_decay: share,
    /** Steps between sample sheets. */
    sample_every: z.int().positive(),
    /** Held-out scenes on which the trained autoencoder is measured. */
    held_out: z.int().positive(),
  })
  .superRefine(({ crop, size, autoencoder }, context) => {
    const factor = factorOf(autoencoder);
    const bad = [crop, size].some((side) => side % factor !== 0) || crop > size;
    if (!bad) return;
    const message = `expected crop <= size, both multiples of ${factor}, got ${crop} and ${size}`;
    context.addIssue({ code: "custom", path: ["crop"], message });
  })
  .readonly();

export type AutoencoderConfig = z.infer<typeof autoencoderSchema>;

/** Identifies what a checkpoint depends on: everything but how long, how often to look, and on how much to measure. */
export function autoencoderDigest(config: AutoencoderConfig): string {
  const { steps: _steps, sample_every: _every, held_out: _held, ...rest } = config;
  return documentDigest(rest);
}
