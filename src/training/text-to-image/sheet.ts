// Sample sheets of a run: latents decoded and put side by side with their prompts.

import { join } from "node:path";
import { tensor } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime } from "../../engine/runtime/session.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { contactSheet } from "../../io/contact-sheet.js";
import type { Picture } from "../../io/image.js";
import { decodeTiny } from "../../models/vae/index.js";
import type { AutoencoderTinyConfig } from "../../models/vae/index.js";
import { ConstantWeights } from "../../nn/constant-weights.js";

const COLUMNS = 6;

/** Decodes latents [N, S, S, C] in the denoiser's scale to pictures. */
export async function decodeLatents(
  latents: HostTensor<"float32">,
  autoencoder: { config: AutoencoderTinyConfig; weights: ReadonlyMap<string, HostTensor> },
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

/** -1..1 to 0..255. */
function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round((value + 1) * 127.5)));
}

/** Writes `samples-<step>.png` into a run's folder. */
export async function writeSheet(
  folder: string,
  step: number,
  pictures: readonly Picture[],
  prompts: readonly string[],
): Promise<void> {
  const path = join(folder, `samples-${String(step).padStart(8, "0")}.png`);
  await writeFileAtomic(path, await contactSheet(pictures, COLUMNS, prompts));
}
