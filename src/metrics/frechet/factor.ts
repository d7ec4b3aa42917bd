// Cholesky's factor of a positive semi-definite matrix, with the largest pivot first (Higham 1990).

import { dot } from "./gaussian.js";

export interface Factor {
  /** Columns of the factor. */
  readonly rank: number;
  /** Row i of the factor belongs to row order[i] of the matrix. */
  readonly order: Int32Array;
  /** [n, n], row after row, zero above the diagonal and beyond `rank` columns. */
  readonly rows: Float64Array;
}

/** L with L Lᵀ = A up to rounding, for A [n, n]; ends where what is left is rounding only. */
export function factorOf(a: Float64Array, n: number): Factor {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const rows = new Float64Array(n * n);
  const left = Float64Array.from({ length: n }, (_, i) => a[i * n + i]!);
  const negligible = n * Number.EPSILON * left.reduce((most, x) => Math.max(most, x), 0);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (left[i]! > left[pivot]!) pivot = i;
    if (left[pivot]! <= negligible) return { rank: k, order, rows };
    exchange(order, rows, left, n, k, pivot);
    const root = Math.sqrt(left[k]!);
    rows[k * n + k] = root;
    for (let i = k + 1; i < n; i++) {
      const rest = a[order[i]! * n + order[k]!]! - dot(rows, i * n, rows, k * n, k);
      const entry = rest / root;
      rows[i * n + k] = entry;
      left[i]! -= entry * entry;
    }
  }
  return { rank: n, order, rows };
}

function exchange(
  order: Int32Array,
  rows: Float64Array,
  left: Float64Array,
  n: number,
  i: number,
  j: number,
): void {
  if (i === j) return;
  [order[i], order[j]] = [order[j]!, order[i]!];
  [left[i], left[j]] = [left[j]!, left[i]!];
  const row = rows.slice(i * n, (i + 1) * n);
  rows.copyWithin(i * n, j * n, (j + 1) * n);
  rows.set(row, j * n);
}
