// What makes a run of stage C: diffusion over the latents that a semantic student's encoder gives to a data set.

import { z } from "zod";
import { teacherSchema } from "../../training/teacher/index.js";
import type { LatentMlpConfig } from "../../models/latent-mlp/index.js";
import { documentDigest } from "../../training/digest.js";
import type { SemanticStudent } from "../semantic-run/export.js";

const whole = z.int().positive();
const run = teacherSchema.unwrap().shape;

export const latentSchema = z
  .strictObject({
    kind: z.literal("latent"),
    /** Folder of a student with encoder and predictor. */
    parent: z.string().min(1),
    data: run.data,
    network: z.strictObject({
      hidden_dim: whole.default(512),
      num_layers: whole.min(2).default(5),
      time_embedding_dim: whole.min(2).default(64),
    }),
    seed: run.seed,
    batch: run.batch,
    steps: run.steps,
    learning_rate: run.learning_rate,
    weight_decay: run.weight_decay,
    clip_norm: run.clip_norm,
    ema: run.ema,
    /** Steps between sample sheets. */
    sample_every: whole.default(5000),
    draw: z.strictObject({
      /** DDIM steps that the trained network is sampled in if nothing else is said. */
      steps: whole.max(1000).default(25),
      clip: z.boolean().default(false),
      /** Pictures of a sheet. */
      count: whole.max(400).default(64),
      seed: z.int().nonnegative().default(1),
    }),
  })
  .readonly();

export type LatentConfig = z.infer<typeof latentSchema>;

/** Identifies what checkpoints depend on: everything but how long, how often to look and how to draw. */
export function latentDigest(config: LatentConfig): string {
  const { steps: _steps, sample_every: _every, draw: _draw, ...rest } = config;
  return documentDigest(rest);
}

/** The network over the latents of a student's encoder. */
export function mlpOf({ network }: LatentConfig, { encoder }: SemanticStudent): LatentMlpConfig {
  return { ...network, latent_dim: encoder.config.latent_dim };
}
