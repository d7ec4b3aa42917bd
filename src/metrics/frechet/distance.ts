// The Fréchet distance between two Gaussians (Dowson & Landau 1982), on features: FID (Heusel et al. 2017).

import { symmetricEigenvalues } from "./eigenvalues.js";
import { factorOf } from "./factor.js";
import { dot } from "./gaussian.js";
import type { Gaussian } from "./gaussian.js";

const trace = (a: Float64Array, n: number): number => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[i * n + i]!;
  return sum;
};

/**
 * |m₁ - m₂|² + tr(S₁ + S₂ - 2 (S₁S₂)^½), at least 0.
 *
 * With S₁ = L Lᵀ, the eigenvalues of S₁S₂ are those of the symmetric Lᵀ S₂ L, so no matrix root is taken
 * and singular covariances (fewer pictures than features) are nothing special.
 */
export function frechetDistance(first: Gaussian, second: Gaussian): number {
  const n = first.mean.length;
  if (second.mean.length !== n) {
    throw new Error(`frechet: expected ${n} features, got ${second.mean.length}`);
  }
  const gap = first.mean.map((value, i) => value - second.mean[i]!);
  const { product, rank } = between(first.covariance, second.covariance, n);
  const roots = symmetricEigenvalues(product, rank).reduce(
    (sum, value) => sum + Math.sqrt(Math.max(0, value)),
    0,
  );
  const spread = trace(first.covariance, n) + trace(second.covariance, n) - 2 * roots;
  return Math.max(0, dot(gap, 0, gap, 0, n) + spread);
}

/** Lᵀ S₂ L [rank, rank]. */
function between(
  first: Float64Array,
  second: Float64Array,
  n: number,
): { product: Float64Array; rank: number } {
  const { rank, order, rows } = factorOf(first, n);
  const columns = new Float64Array(rank * n); // Lᵀ: column k is zero before k
  for (let k = 0; k < rank; k++) {
    for (let i = k; i < n; i++) columns[k * n + i] = rows[i * n + k]!;
  }
  const product = new Float64Array(rank * rank);
  const line = new Float64Array(n);
  const image = new Float64Array(n * rank); // S₂ L, in L's order of rows
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) line[j] = second[order[i]! * n + order[j]!]!;
    for (let k = 0; k < rank; k++) image[k * n + i] = dot(line, k, columns, k * n + k, n - k);
  }
  for (let j = 0; j < rank; j++) {
    for (let k = j; k < rank; k++) {
      const entry = dot(columns, j * n + j, image, k * n + j, n - j);
      product[j * rank + k] = product[k * rank + j] = entry;
    }
  }
  return { product, rank };
}
