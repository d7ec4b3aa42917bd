// Batches on the host, row by row: putting them on top of one another and picking some out.

import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import { sameShape, formatShape } from "../core/shape.js";

type Batch = HostTensor<"float32">;

/** Batches [Ni, ...] on top of one another, [sum of Ni, ...]. Throws when their rows differ in shape. */
export function stackRows(batches: readonly Batch[]): Batch {
  const first = batches[0];
  if (!first) throw new Error("stackRows: expected at least one batch, got none");
  const row = first.shape.slice(1);
  const stray = batches.find(({ shape }) => !sameShape(shape.slice(1), row));
  if (stray) {
    const [expected, got] = [first, stray].map(({ shape }) => formatShape(shape));
    throw new Error(`stackRows: expected rows as in ${expected}, got ${got}`);
  }
  const data = new Float32Array(batches.reduce((total, batch) => total + batch.data.length, 0));
  let at = 0;
  for (const batch of batches) {
    data.set(batch.data, at);
    at += batch.data.length;
  }
  return floats([batches.reduce((rows, { shape }) => rows + shape[0]!, 0), ...row], data);
}

/** The rows of a batch [N, ...] at `indices`, copied. */
export function pickRows({ shape, data }: Batch, indices: readonly number[]): Batch {
  const width = data.length / shape[0]!;
  const picked = new Float32Array(indices.length * width);
  indices.forEach((row, i) => picked.set(data.subarray(row * width, (row + 1) * width), i * width));
  return floats([indices.length, ...shape.slice(1)], picked);
}

/** Indices at which `flags` hold. */
export function indicesOf(flags: readonly boolean[]): number[] {
  return flags.flatMap((flag, index) => (flag ? [index] : []));
}
