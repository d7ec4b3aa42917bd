// Sample sheets of a run: latents decoded and put side by side with their prompts.

import { basename, join } from "node:path";
import { tensor } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime } from "../../engine/runtime/session.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { contactSheet } from "../../io/contact-sheet.js";
import type { Picture } from "../../io/image.js";
import { decodeTiny } from "../../models/vae/index.js";
import { ConstantWeights } from "../../nn/constant-weights.js";
import type { Packing } from "../../nn/packed-weights.js";
import { factorOf } from "../autoencoder/folder.js";
import type { Autoencoder } from "../autoencoder/folder.js";
import { toByte } from "../data/latents.js";
import type { TrainOptions } from "../fit.js";
import type { TextToImageConfig } from "./config.js";
import { PreviewSampler } from "./preview.js";
import type { PreviewParts } from "./preview.js";

const COLUMNS = 6;

/** Decodes latents [N, S, S, C] in the denoiser's scale to pictures. */
export async function decodeLatents(
  latents: HostTensor<"float32">,
  autoencoder: Autoencoder,
  runtime: Runtime,
): Promise<Picture[]> {
  const graph = new Graph();
  const input = graph.input("latents", "float32", latents.shape);
  const weights = new ConstantWeights(graph, autoencoder.weights);
  graph.output("pictures", decodeTiny(weights, autoencoder.config, input));
  const session = await runtime.compile(graph);
  const { scaling_factor: factor } = autoencoder.config;
  const unscaled = tensor(
    "float32",
    latents.shape,
    latents.data.map((value) => value / factor),
  );
  const { pictures } = await session.run({ latents: unscaled });
  await session.release();
  const [count, height, width, channels] = pictures!.shape as [number, number, number, number];
  const bytes = Uint8Array.from(pictures!.data as Float32Array, toByte);
  const size = height * width * channels;
  return Array.from({ length: count }, (_, i) => ({
    width,
    height,
    data: bytes.subarray(i * size, (i + 1) * size),
  }));
}

/** Writes `samples-<step>.png` into a run's folder, and gives its path. */
export async function writeSheet(
  folder: string,
  step: number,
  pictures: readonly Picture[],
  labels: readonly string[],
  columns = COLUMNS,
): Promise<string> {
  const path = join(folder, `samples-${String(step).padStart(8, "0")}.png`);
  await writeFileAtomic(path, await contactSheet(pictures, columns, labels));
  return path;
}

/** Draws the configured prompts with averaged weights, and puts the sheet into the run's folder. */
export async function drawSheet(
  step: number,
  config: TextToImageConfig,
  parts: Omit<PreviewParts, "latentSize"> & {
    readonly packing: Packing;
    readonly autoencoder: Autoencoder;
    /** [packing.size] */
    readonly average: HostTensor<"float32">;
  },
  { runtime, folder, onSheet }: TrainOptions,
): Promise<void> {
  const { packing, autoencoder, average, ...rest } = parts;
  const latentSize = config.size / factorOf(autoencoder.config);
  const preview = { ...rest, latentSize };
  const sampler = await PreviewSampler.create(runtime, packing, config, preview);
  try {
    const pictures = await decodeLatents(await sampler.draw(average), autoencoder, runtime);
    const path = await writeSheet(folder, step, pictures, config.sample_prompts);
    onSheet?.(path, `samples at step ${step}: ${basename(path)}`);
  } finally {
    await sampler.release();
  }
}
