// Latents of a pool's pictures, encoded once and kept as float16: training reads them many times.

import { readFile } from "node:fs/promises";
import { float32ToFloat16 } from "../../core/float16.js";
import { floats, tensor } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime } from "../../engine/runtime/session.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { encodeTiny } from "../../models/vae/index.js";
import type { AutoencoderTinyConfig } from "../../models/vae/index.js";
import { ConstantWeights } from "../../nn/constant-weights.js";
import type { Pool } from "./pool.js";

const BATCH = 20;

export interface EncodeOptions {
  readonly pool: Pool;
  /** Side of the pictures in pixels. */
  readonly size: number;
  /** How many of the pool's pictures. */
  readonly count: number;
  readonly config: AutoencoderTinyConfig;
  readonly weights: ReadonlyMap<string, HostTensor>;
  readonly runtime: Runtime;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number) => void;
}

/** RGB bytes as the autoencoder takes them, -1 to 1. */
export function toSignedUnit(pixels: Uint8Array, target: Float32Array, offset = 0): void {
  for (let i = 0; i < pixels.length; i++) target[offset + i] = pixels[i]! / 127.5 - 1;
}

/** A value of the autoencoder's pictures, about -1 to 1, as a byte. */
export function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round((value + 1) * 127.5)));
}

/** Latents [count, S, S, C] of a pool's first pictures, before the scaling factor. */
export async function encodePool(options: EncodeOptions): Promise<HostTensor<"float16">> {
  const { pool, size, count, config, runtime, signal, onProgress } = options;
  const graph = new Graph();
  const pictures = graph.input("pictures", "float32", [BATCH, size, size, 3]);
  const encoded = encodeTiny(new ConstantWeights(graph, options.weights), config, pictures);
  graph.output("latents", encoded);
  const session = await runtime.compile(graph);
  const each = encoded.shape.slice(1).reduce((a, b) => a * b, 1);
  const all = new Uint16Array(count * each);
  const pixels = new Float32Array(BATCH * size * size * 3);
  try {
    for (let start = 0; start < count; start += BATCH) {
      signal?.throwIfAborted();
      const here = Math.min(BATCH, count - start);
      const read = Array.from({ length: here }, (_, i) => pool.picture(start + i));
      (await Promise.all(read)).forEach((p, i) => toSignedUnit(p, pixels, i * p.length));
      const { latents } = await session.run({ pictures: floats(pictures.shape, pixels) });
      const values = (latents!.data as Float32Array).subarray(0, here * each);
      all.set(float32ToFloat16(values), start * each);
      onProgress?.(start + here);
    }
  } finally {
    await session.release();
  }
  return tensor("float16", [count, ...encoded.shape.slice(1)], all);
}

/** Keeps latents in a file of bare float16 values. */
export async function writeLatents(path: string, { data }: HostTensor<"float16">): Promise<void> {
  await writeFileAtomic(path, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** Latents from such a file; `shape` is that of one picture's. */
export async function readLatents(
  path: string,
  shape: readonly number[],
): Promise<HostTensor<"float16">> {
  const bytes = await readFile(path);
  const data = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  return tensor("float16", [data.length / shape.reduce((a, b) => a * b, 1), ...shape], data);
}
