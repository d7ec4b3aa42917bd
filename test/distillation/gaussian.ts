// A toy whose score is known: normal data, its exact predictor, and a student that is affine at each of its times.

import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { logSnrSchedule } from "../../src/diffusion/log-snr.js";
import type { Level } from "../../src/diffusion/index.js";
import { pathThrough } from "../../src/distillation/index.js";
import { add, cast, div, gather, mul, reshape, slice } from "../../src/engine/functions.js";
import type { Value } from "../../src/engine/graph.js";
import type { Predict } from "../../src/guidance/self-attention/index.js";
import { ZEROS } from "../../src/nn/init.js";
import type { Weights, WeightSpec } from "../../src/nn/weights.js";

export const MEAN = 0.3;
export const DEVIATION = 0.5;
export const SCHEDULE = logSnrSchedule({ kind: "cosine" });
export const PICTURE = [2, 2, 1] as const;

const per = (value: Value): Value => reshape(value, [-1, 1, 1, 1]);

/** E[x0 | x] of the data, in a graph. */
export const exactPredict: Predict = (x, level) => {
  const [alpha, sigma] = [per(level.alpha), per(level.sigma)];
  const variance = DEVIATION ** 2;
  const noise = mul(sigma, sigma);
  const signal = mul(mul(mul(alpha, variance), x), 1);
  return div(add(signal, mul(noise, MEAN)), add(mul(mul(alpha, alpha), variance), noise));
};

/** The same for one number. */
export function exactX0(x: number, { alpha, sigma }: Level): number {
  const variance = DEVIATION ** 2;
  return (alpha * variance * x + MEAN * sigma ** 2) / (alpha ** 2 * variance + sigma ** 2);
}

/** Where DDIM lands from x at the first level when `x0` predicts, in double precision. */
export function composed(
  x: number,
  levels: readonly Level[],
  x0: (x: number, level: Level) => number = exactX0,
): number {
  return pathThrough(levels).reduce(
    (here, { level, keep, gain }) => keep * here + gain * x0(here, level),
    x,
  );
}

/** A line [slope, offset] at each of `steps` times. */
export function lineSpec(steps: number): WeightSpec {
  return { name: "lines", role: "table", shape: [steps, 2], init: ZEROS };
}

/** slope x + offset, with the line of the time that the timestep tells. */
export function affinePredict(weights: Weights, steps: number): Predict {
  return (x, { timestep }) => {
    const lines = weights.get(lineSpec(steps));
    // Timestep 1000 t - 1, t = i / steps, line i - 1; half a line more, since a cast cuts.
    const place = add(mul(timestep, steps / 1000), steps / 1000 - 0.5);
    const line = gather(lines, cast(place, "int64"));
    return add(mul(x, per(slice(line, 1, 0, 1))), per(slice(line, 1, 1, 2)));
  };
}

/** Normal pictures and noise of step `k`. */
export function gaussianBatch(k: number, batch: number): Record<string, HostTensor> {
  const generator = new Generator(BigInt(k));
  const shape = [batch, ...PICTURE];
  const data = generator.randn(shape).data.map((z) => MEAN + DEVIATION * z);
  return { pictures: floats(shape, data), noise: generator.randn(shape) };
}
