// Bias and variance of a student over training runs, from several students' predictions of one target.

import { checkLength } from "./maps.js";

export interface BiasVariance {
  /** Mean squared error over the students: bias + variance. */
  readonly error: number;
  /** Squared distance of the expected student from the target, without what few students add; can be below 0. */
  readonly bias: number;
  /** Squared distance of a student from the expected student. */
  readonly variance: number;
  /** Both by element of the prediction. */
  readonly biasMap: Float64Array;
  readonly varianceMap: Float64Array;
}

/**
 * Splits the error of `students` (two or more predictions of equal length) against `target`.
 *
 * The variance is Σ|S - S̄|² / (K - 1), the bias |S̄ - y|² less variance / K, so both are unbiased and
 * their sum is the mean error exactly.
 */
export function biasVariance(
  students: readonly ArrayLike<number>[],
  target: ArrayLike<number>,
): BiasVariance {
  const count = students.length;
  if (count < 2) throw new Error(`bias and variance: expected at least 2 students, got ${count}`);
  students.forEach((student) => checkLength("bias and variance", student, target.length));
  const biasMap = new Float64Array(target.length);
  const varianceMap = new Float64Array(target.length);
  for (let i = 0; i < target.length; i++) {
    let mean = 0;
    for (const student of students) mean += student[i]! / count;
    let spread = 0;
    for (const student of students) spread += (student[i]! - mean) ** 2;
    varianceMap[i] = spread / (count - 1);
    biasMap[i] = (mean - target[i]!) ** 2 - varianceMap[i]! / count;
  }
  const [bias, variance] = [meanOf(biasMap), meanOf(varianceMap)];
  return { error: bias + variance, bias, variance, biasMap, varianceMap };
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
