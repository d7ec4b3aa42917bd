// Rows of several seeds beside a base: the ratio of their distances, and how far chance carries it.

/** A ratio of geometric means with its 95 % interval. */
export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** Student's t for a two-sided 95 %, by degrees of freedom from 1. */
const T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228] as const;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sum of squared deviations. */
function spreadOf(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
}

/**
 * `values` over `base` on the logarithms, by Student's t with the variance of both (Welch's would want more seeds than
 * three). Undefined where there are not enough values to tell a variance.
 */
export function ratioOf(values: readonly number[], base: readonly number[]): Ratio | undefined {
  const freedom = values.length + base.length - 2;
  if (values.length < 2 || base.length < 2 || freedom > T95.length) return undefined;
  const [a, b] = [values.map(Math.log), base.map(Math.log)];
  const variance = (spreadOf(a) + spreadOf(b)) / freedom;
  const reach = T95[freedom - 1]! * Math.sqrt(variance * (1 / a.length + 1 / b.length));
  const middle = mean(a) - mean(b);
  return { ratio: Math.exp(middle), low: Math.exp(middle - reach), high: Math.exp(middle + reach) };
}
