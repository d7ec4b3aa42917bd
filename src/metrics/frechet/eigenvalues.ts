// Eigenvalues of a symmetric matrix in float64: Householder's tridiagonal form, then QL with implicit
// shifts (Golub & Van Loan, 8.3). No vectors are made, which a library would spend most of its time on.

import { dot } from "./gaussian.js";

const MAX_SWEEPS = 60;

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** [n]; entry i joins i and i + 1, the last is 0. */
  readonly beside: Float64Array;
}

/** Eigenvalues of the symmetric matrix a [n, n], rising; `a` is overwritten. Throws for numbers that are not finite. */
export function symmetricEigenvalues(a: Float64Array, n: number): Float64Array {
  if (!a.every(Number.isFinite)) throw new Error("eigenvalues: expected finite numbers");
  return qlEigenvalues(tridiagonal(a, n)).sort();
}

function tridiagonal(a: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    diagonal[k] = a[k * n + k]!;
    if (k === n - 1) break;
    // The column below the diagonal, which by symmetry is the row beside it.
    const first = k + 1;
    const length = n - first;
    v.set(a.subarray(k * n + first, (k + 1) * n), first);
    const norm = Math.sqrt(dot(v, first, v, first, length));
    const alpha = v[first]! > 0 ? -norm : norm;
    beside[k] = length === 1 ? v[first]! : alpha;
    if (length === 1 || norm === 0) continue;
    v[first]! -= alpha;
    reflect(a, n, first, v, w);
  }
  return { diagonal, beside };
}

/** A := H A H on rows and columns from `first` on, with H = I - 2 v vᵀ / vᵀv. */
function reflect(
  a: Float64Array,
  n: number,
  first: number,
  v: Float64Array,
  w: Float64Array,
): void {
  const length = n - first;
  const beta = 2 / dot(v, first, v, first, length);
  for (let i = first; i < n; i++) w[i] = beta * dot(a, i * n + first, v, first, length);
  const half = (beta / 2) * dot(w, first, v, first, length);
  for (let i = first; i < n; i++) w[i]! -= half * v[i]!;
  for (let i = first; i < n; i++) {
    const [vi, wi] = [v[i]!, w[i]!];
    const row = i * n;
    for (let j = first; j < n; j++) a[row + j]! -= vi * w[j]! + wi * v[j]!;
  }
}

function qlEigenvalues({ diagonal: d, beside: e }: Tridiagonal): Float64Array {
  const n = d.length;
  // Of the whole matrix, not of the place: where many eigenvalues are 0, both neighbours are no more than rounding.
  const negligible =
    Number.EPSILON * d.reduce((most, x, i) => Math.max(most, Math.abs(x) + Math.abs(e[i]!)), 0);
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      const m = splitAfter(d, e, l, negligible);
      if (m === l) break;
      if (sweep === MAX_SWEEPS) throw new Error("eigenvalues: expected convergence, got none");
      qlSweep(d, e, l, m);
    }
  }
  return d;
}

/** The first place from `l` on where what lies beside the diagonal is negligible. */
function splitAfter(d: Float64Array, e: Float64Array, l: number, negligible: number): number {
  for (let m = l; m < d.length - 1; m++) {
    if (Math.abs(e[m]!) <= negligible) return m;
  }
  return d.length - 1;
}

/** One QL step with Wilkinson's shift on the block from `l` to `m`, by Givens rotations from below. */
function qlSweep(d: Float64Array, e: Float64Array, l: number, m: number): void {
  const half = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  const root = Math.hypot(half, 1);
  let g = d[m]! - d[l]! + e[l]! / (half + (half >= 0 ? root : -root));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The block has split: what is left begins anew.
      d[i + 1]! -= shift;
      e[m] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = d[i + 1]! - shift;
    const turned = (d[i]! - g) * sine + 2 * cosine * b;
    shift = sine * turned;
    d[i + 1] = g + shift;
    g = cosine * turned - b;
  }
  d[l]! -= shift;
  e[l] = g;
  e[m] = 0;
}
