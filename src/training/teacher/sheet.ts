// Sample sheets of a teacher: the averaged weights, fixed seeds, each class in turn.

import { basename, join } from "node:path";
import { Generator } from "../../core/generator.js";
import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { continuously } from "../../diffusion/continuous.js";
import type { Latent } from "../../diffusion/denoiser.js";
import { logSnrSchedule } from "../../diffusion/log-snr.js";
import { guided } from "../../guidance/cfg.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { contactSheet } from "../../io/contact-sheet.js";
import { PackedWeights } from "../../nn/packed-weights.js";
import type { Packing } from "../../nn/packed-weights.js";
import type { TrainOptions } from "../fit.js";
import { sizeOfTeacher } from "./config.js";
import type { TeacherConfig } from "./config.js";
import { TeacherDenoiser } from "./denoiser.js";
import { classesInTurn, drawPictures, noClassOf, toPictures } from "./draw.js";

/** Weights to draw with. */
export interface DrawnWeights {
  readonly packing: Packing;
  /** [packing.size] */
  readonly average: HostTensor<"float32">;
}

/**
 * Pictures [count, S, S, C] in [-1, 1] as the configuration's `draw` says: picture i has the noise of seed + i, whatever
 * the others are, and class i, in turn.
 */
export async function drawTeacher(
  config: TeacherConfig,
  { packing, average }: DrawnWeights,
  { runtime, signal }: Pick<TrainOptions, "runtime" | "signal">,
): Promise<Latent> {
  const { draw, unet, head } = config;
  const { count, seed, sampler, variance, share, cfg, steps } = draw;
  const size = sizeOfTeacher(config);
  const picture = [size, size, unet.in_channels];
  const numbers = Array.from({ length: count }, (_, i) => i);
  const rows = cfg === 1 ? count : 2 * count;
  const denoiser = await TeacherDenoiser.create({
    ...{ runtime, unet, head, shape: [rows, ...picture], feeds: { parameters: average } },
    weights: (graph) =>
      new PackedWeights(graph.input("parameters", "float32", [packing.size]), packing),
  });
  try {
    const schedule = logSnrSchedule(config.schedule);
    return await drawPictures({
      ...continuously({ schedule, sampler, variance, share }),
      denoiser: guided(denoiser, floats([1, 1, 1], [noClassOf(unet) ?? 0]), cfg),
      streams: numbers.map((i) => new Generator(BigInt(seed + i))),
      classes: classesInTurn(unet, numbers),
      ...{ picture, steps, signal },
    });
  } finally {
    await denoiser.release();
  }
}

/** Draws a sheet into the run's folder. */
export async function drawTeacherSheet(
  step: number,
  config: TeacherConfig,
  weights: DrawnWeights,
  options: TrainOptions,
): Promise<void> {
  const pictures = toPictures(await drawTeacher(config, weights, options));
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const path = join(options.folder, `samples-${String(step).padStart(8, "0")}.png`);
  await writeFileAtomic(path, await contactSheet(pictures, columns));
  options.onSheet?.(path, `samples at step ${step}: ${basename(path)}`);
}
