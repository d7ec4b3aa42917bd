// Denoising ability: the error of one evaluation's clean picture against the time at which it is asked.

import { errorMaps } from "./maps.js";
import type { BatchShape } from "./maps.js";

/** Predictions of clean pictures from noisy ones of one time. */
export interface CurveSample {
  readonly t: number;
  /** [n, h, w, c] */
  readonly prediction: ArrayLike<number>;
  /** The clean pictures themselves, or the teacher's. */
  readonly target: ArrayLike<number>;
  readonly shape: BatchShape;
}

export interface CurvePoint {
  readonly t: number;
  /** Mean squared error. */
  readonly error: number;
  /** Standard error of that mean over the pictures; NaN for one picture. */
  readonly standardError: number;
  readonly pictures: number;
}

/** Mean squared errors by time, rising; samples of one time are taken together. */
export function errorCurve(samples: Iterable<CurveSample>): CurvePoint[] {
  const byTime = new Map<number, number[]>();
  for (const { t, prediction, target, shape } of samples) {
    const maps = errorMaps(prediction, target, shape);
    const pixels = maps.length / shape[0];
    const errors = Array.from({ length: shape[0] }, (_, picture) => {
      return meanOf(maps.subarray(picture * pixels, (picture + 1) * pixels));
    });
    byTime.set(t, [...(byTime.get(t) ?? []), ...errors]);
  }
  return [...byTime]
    .sort(([a], [b]) => a - b)
    .map(([t, errors]) => ({ t, pictures: errors.length, ...meanAndError(errors) }));
}

function meanAndError(errors: readonly number[]): { error: number; standardError: number } {
  const error = meanOf(errors);
  const squares = errors.reduce((sum, value) => sum + (value - error) ** 2, 0);
  return { error, standardError: Math.sqrt(squares / (errors.length - 1) / errors.length) };
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
