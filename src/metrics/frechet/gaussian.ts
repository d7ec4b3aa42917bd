// The Gaussian of a set of features: mean and covariance, in float64.

import { columnMeans } from "../features/matrix.js";
import type { FeatureMatrix } from "../features/matrix.js";

export interface Gaussian {
  readonly mean: Float64Array;
  /** [d, d], row after row. */
  readonly covariance: Float64Array;
}

/** Rows that are multiplied at a time: columns of as many numbers stay in the processor's cache. */
const ROWS = 64;

/** Sum of products of `length` numbers of a from `at` and of b from `bt` on. */
export function dot(
  a: Float64Array,
  at: number,
  b: Float64Array,
  bt: number,
  length: number,
): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    s0 += a[at + i]! * b[bt + i]!;
    s1 += a[at + i + 1]! * b[bt + i + 1]!;
    s2 += a[at + i + 2]! * b[bt + i + 2]!;
    s3 += a[at + i + 3]! * b[bt + i + 3]!;
  }
  for (; i < length; i++) s0 += a[at + i]! * b[bt + i]!;
  return s0 + s1 + (s2 + s3);
}

/** Mean and unbiased covariance. Throws when there are fewer than 2 rows. */
export function gaussianOf(features: FeatureMatrix): Gaussian {
  const { count, dimension: d, data } = features;
  if (count < 2) throw new Error(`covariance: expected at least 2 rows, got ${count}`);
  const mean = columnMeans(features);
  const covariance = new Float64Array(d * d);
  const columns = new Float64Array(d * ROWS); // a column of up to ROWS centred numbers after another
  for (let start = 0; start < count; start += ROWS) {
    const rows = Math.min(ROWS, count - start);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < d; i++) columns[i * ROWS + row] = data[(start + row) * d + i]! - mean[i]!;
    }
    for (let i = 0; i < d; i++) {
      for (let j = i; j < d; j++) {
        covariance[i * d + j]! += dot(columns, i * ROWS, columns, j * ROWS, rows);
      }
    }
  }
  for (let i = 0; i < d; i++) {
    for (let j = i; j < d; j++) {
      covariance[j * d + i] = covariance[i * d + j] = covariance[i * d + j]! / (count - 1);
    }
  }
  return { mean, covariance };
}
