// Sample sheets of a latent network: latents drawn from fixed seeds, and the pictures that they tell.

import { stackRows } from "../../guidance/rows.js";
import { streamOf } from "../../training/data/streams.js";
import type { TrainOptions } from "../../training/fit.js";
import { toPictures } from "../../training/teacher/index.js";
import { LatentSampler } from "../latent.js";
import type { LatentSamplerOptions } from "../latent.js";
import type { SemanticStudent } from "../semantic-run/export.js";
import { drawTold, writeSheet } from "../semantic-run/sheet.js";
import type { LatentConfig } from "./config.js";

const LATENTS = 1;

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
    const noise = Array.from({ length: count }, (_, i) =>
      // A stream of its own, as where `followspot sample` draws latents.
      streamOf(seed + i, LATENTS).randn([1, network.config.latent_dim]),
    );
    const latent = await sampler.draw(stackRows(noise), steps);
    const pictures = toPictures(await drawTold(parent, latent, { seed }, options));
    await writeSheet(step, pictures, Math.ceil(Math.sqrt(count)), options);
  } finally {
    await sampler.release();
  }
}
