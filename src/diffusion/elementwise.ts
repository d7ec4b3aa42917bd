// Arithmetic on whole latents: sums in double precision, rounded once to float32.

import { sameShape, formatShape } from "../core/shape.js";
import { tensor } from "../core/tensor.js";
import type { Latent } from "./denoiser.js";

/** A factor and the tensor that it multiplies. */
export type Term = readonly [factor: number, value: Latent];

/**
 * `sum of factor * value`, accumulated in float64. Terms with factor 0 are left out, so they may hold anything.
 * Throws when the shapes differ.
 */
export function weightedSum(first: Term, ...rest: Term[]): Latent {
  const shape = first[1].shape;
  const sum = new Float64Array(first[1].data.length);
  for (const [factor, value] of [first, ...rest]) {
    if (!sameShape(value.shape, shape)) {
      throw new Error(
        `weightedSum: expected shape ${formatShape(shape)}, got ${formatShape(value.shape)}`,
      );
    }
    if (factor === 0) continue;
    const { data } = value;
    for (let i = 0; i < sum.length; i++) sum[i]! += factor * data[i]!;
  }
  return tensor("float32", shape, Float32Array.from(sum));
}

/** Each element limited to `[-range, range]`; the tensor itself when `range` is undefined. */
export function clipped(value: Latent, range: number | undefined): Latent {
  if (range === undefined) return value;
  const data = value.data.slice();
  for (let i = 0; i < data.length; i++) data[i] = Math.min(Math.max(data[i]!, -range), range);
  return tensor("float32", value.shape, data);
}
