// Sample sheets of a latent network: latents drawn from fixed seeds, and the pictures that they tell.

import type { TrainOptions } from "../../training/fit.js";
import { toPictures } from "../../training/teacher/index.js";
import { latentNoise, LatentSampler } from "../latent.js";
import type { LatentSamplerOptions } from "../latent.js";
import type { SemanticStudent } from "../semantic-run/export.js";
import { drawTold, writeSheet } from "../semantic-run/sheet.js";
import type { LatentConfig } from "./config.js";

/** Draws a sheet into the run's folder. */
export async function drawLatentSheet(
  step: number,
  parent: SemanticStudent,
  network: Pick<LatentSamplerOptions, "config" | "weights" | "statistics">,
  { count, seed, steps, clip }: LatentConfig["draw"],
  options: TrainOptions,
): Promise<void> {
  const { runtime } = options;
  const sampler = await LatentSampler.create({ ...network, clip, batch: count, runtime });
  try {
    const seeds = Array.from({ length: count }, (_, i) => seed + i);
    const latent = await sampler.draw(latentNoise(seeds, network.config.latent_dim), steps);
    const pictures = toPictures(await drawTold(parent, latent, { seed }, options));
    await writeSheet(step, pictures, Math.ceil(Math.sqrt(count)), options);
  } finally {
    await sampler.release();
  }
}
