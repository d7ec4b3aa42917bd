// Features of pictures: one row of numbers a picture.

import { FollowspotError } from "../../core/errors.js";

export interface FeatureMatrix {
  readonly count: number;
  /** Numbers of one picture. */
  readonly dimension: number;
  /** [count, dimension], row after row. */
  readonly data: Float32Array;
}

/** Throws when the numbers are not count x dimension, FollowspotError when one of them is not finite. */
export function featureMatrix(data: Float32Array, dimension: number): FeatureMatrix {
  const count = data.length / dimension;
  if (!Number.isInteger(count)) {
    throw new Error(`features: expected rows of ${dimension}, got ${data.length} numbers`);
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const row = Math.floor(bad / dimension);
    throw new FollowspotError(
      `features: expected finite numbers, got ${data[bad]!} in row ${row}.`,
      {
        remedy: "Check the weights' file: its digest is printed.",
      },
    );
  }
  return { count, dimension, data };
}

/** Throws when two sets of features are not of one dimension. */
export function sameDimension(operation: string, a: FeatureMatrix, b: FeatureMatrix): void {
  if (a.dimension === b.dimension) return;
  throw new Error(`${operation}: expected ${a.dimension} features, got ${b.dimension}`);
}

/** Some rows, in the given order. */
export function rowsOf({ dimension, data }: FeatureMatrix, rows: ArrayLike<number>): FeatureMatrix {
  const chosen = new Float32Array(rows.length * dimension);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    chosen.set(data.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  }
  return { count: rows.length, dimension, data: chosen };
}

/** Means of the columns, [dimension]. */
export function columnMeans({ count, dimension, data }: FeatureMatrix): Float64Array {
  const means = new Float64Array(dimension);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < dimension; i++) means[i]! += data[row * dimension + i]!;
  }
  return means.map((sum) => sum / count);
}
