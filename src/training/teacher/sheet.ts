// Sample sheets of a teacher: the averaged weights, fixed seeds, each class in turn.

import { basename, join } from "node:path";
import { Generator } from "../../core/generator.js";
import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { clipping, continuously } from "../../diffusion/continuous.js";
import type { Denoiser, Latent } from "../../diffusion/denoiser.js";
import { logSnrSchedule } from "../../diffusion/log-snr.js";
import { sampleToEnd } from "../../diffusion/samplers/sample.js";
import { guided } from "../../guidance/cfg.js";
import { stackRows } from "../../guidance/rows.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { contactSheet } from "../../io/contact-sheet.js";
import type { Picture } from "../../io/image.js";
import { PackedWeights } from "../../nn/packed-weights.js";
import type { Packing } from "../../nn/packed-weights.js";
import { toByte } from "../data/latents.js";
import type { TrainOptions } from "../fit.js";
import { sizeOfTeacher } from "./config.js";
import type { TeacherConfig } from "./config.js";
import { classCondition, TeacherDenoiser } from "./denoiser.js";

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
  const picture = [1, size, size, unet.in_channels];
  const streams = Array.from({ length: count }, (_, i) => new Generator(BigInt(seed + i)));
  const noise = (): Latent => stackRows(streams.map((stream) => stream.randn(picture)));
  const rows = cfg === 1 ? count : 2 * count;
  const denoiser = await TeacherDenoiser.create({
    ...{ runtime, unet, head, shape: [rows, ...picture.slice(1)], feeds: { parameters: average } },
    weights: (graph) =>
      new PackedWeights(graph.input("parameters", "float32", [packing.size]), packing),
  });
  try {
    const { classes, none } = classesOf(config, count);
    const schedule = logSnrSchedule(config.schedule);
    return await sampleToEnd({
      ...continuously({ schedule, sampler, variance, share }),
      denoiser: clipping(guidedBy(denoiser, none, cfg)),
      condition: classCondition(count, classes),
      steps,
      noise: noise(),
      stepNoise: noise,
      signal,
    });
  } finally {
    await denoiser.release();
  }
}

/** Class i modulo their number for picture i, and the one that means none. */
function classesOf(
  { unet: { num_class_embeds: rows } }: TeacherConfig,
  count: number,
): { readonly classes: number[] | undefined; readonly none: number } {
  if (rows === null) return { classes: undefined, none: 0 };
  const none = rows - 1;
  return { classes: Array.from({ length: count }, (_, i) => i % none), none };
}

function guidedBy(denoiser: Denoiser, none: number, cfg: number): Denoiser {
  return guided(denoiser, floats([1, 1, 1], [none]), cfg);
}

/** Pictures [N, S, S, C] in [-1, 1] as bytes of red, green and blue. */
export function toPictures({ shape, data }: Latent): Picture[] {
  const [count, height, width, channels] = shape as [number, number, number, number];
  const cells = height * width;
  return Array.from({ length: count }, (_, i) => {
    const bytes = new Uint8Array(cells * 3);
    for (let j = 0; j < bytes.length; j++) {
      const channel = channels === 3 ? j % 3 : 0;
      bytes[j] = toByte(data[(i * cells + Math.floor(j / 3)) * channels + channel]!);
    }
    return { width, height, data: bytes };
  });
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
