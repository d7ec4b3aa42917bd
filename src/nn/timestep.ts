// Embeddings of the timestep: sinusoids (Vaswani et al. 2017, as in DDPM), then two linear layers.

import { floats } from "../core/tensor.js";
import { add, concat, cos, mul, pad, reshape, silu, sin } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { linear } from "./linear.js";
import type { Weights } from "./weights.js";

const { fround } = Math;

export interface SinusoidOptions {
  /** Cosines before sines; false when absent. */
  readonly flipSinToCos?: boolean;
  /** Taken from the number of frequencies where they are spaced; 1 when absent. */
  readonly downscaleFreqShift?: number;
  /** Longest wavelength over 2π; 10000 when absent. */
  readonly maxPeriod?: number;
}

/** Frequencies from 1 down to about 1 / maxPeriod, rounded to float32 at each step as PyTorch does. */
function frequencies(count: number, shift: number, maxPeriod: number): Float32Array {
  const rate = fround(-Math.log(maxPeriod));
  return Float32Array.from({ length: count }, (_, i) =>
    Math.exp(fround(fround(rate * i) / fround(count - shift))),
  );
}

/** Sinusoids of the timesteps: float32 [N] -> [N, width]. An odd width ends in a zero. */
export function timestepSinusoids(
  timestep: Value,
  width: number,
  { flipSinToCos = false, downscaleFreqShift = 1, maxPeriod = 10_000 }: SinusoidOptions = {},
): Value {
  const half = Math.floor(width / 2);
  const rates = frequencies(half, downscaleFreqShift, maxPeriod);
  const row = timestep.graph.constant(floats([1, half], rates));
  const angles = mul(reshape(timestep, [-1, 1]), row);
  const waves = [sin(angles), cos(angles)];
  const joined = concat(flipSinToCos ? waves.reverse() : waves, 1);
  return pad(joined, [0, 0], [0, width % 2]);
}

/**
 * Two linear layers with SiLU between them: [N, in] -> [N, width]. `condition` [N, k], where a model
 * has been distilled to take one (guidance in LCM), is projected and added first.
 */
export function timestepEmbedding(
  w: Weights,
  name: string,
  sinusoids: Value,
  width: number,
  condition?: Value,
): Value {
  const projected = condition
    ? linear(w, `${name}.cond_proj`, condition, sinusoids.shape[1]!, { bias: false })
    : undefined;
  const x = projected ? add(sinusoids, projected) : sinusoids;
  return linear(w, `${name}.linear_2`, silu(linear(w, `${name}.linear_1`, x, width)), width);
}
