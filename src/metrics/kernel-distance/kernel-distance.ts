// Kernel inception distance: the squared maximum mean discrepancy under a cubic kernel (Bińkowski et al. 2018).

import { FollowspotError } from "../../core/errors.js";
import { streamOf } from "../../training/data/streams.js";
import { rowsOf, sameDimension } from "../features/matrix.js";
import type { FeatureMatrix } from "../features/matrix.js";
import { TileProducts } from "../features/products.js";
import type { ProductOptions } from "../features/products.js";

export interface KernelDistanceOptions extends ProductOptions {
  /** 100 when absent. */
  readonly subsets?: number;
  /** Pictures of each subset; when absent 1000, or half of the smaller set, so that subsets differ. */
  readonly subsetSize?: number;
  /** Of the choice of subsets; 0 when absent. */
  readonly seed?: number;
}

export interface KernelDistance {
  /** Mean over the subsets: unbiased, so it can be a little below 0. */
  readonly mean: number;
  /** Standard deviation over the subsets. */
  readonly deviation: number;
  readonly subsets: number;
  readonly subsetSize: number;
}

/** Rows of both sets, of one length. */
export type SubsetPair = readonly [a: ArrayLike<number>, b: ArrayLike<number>];

/** KID over random subsets. Throws FollowspotError when they would have fewer than 2 rows. */
export async function kernelDistance(
  a: FeatureMatrix,
  b: FeatureMatrix,
  options: KernelDistanceOptions,
): Promise<KernelDistance> {
  const { subsets = 100, seed = 0 } = options;
  const least = Math.min(a.count, b.count);
  const size = Math.min(options.subsetSize ?? Math.min(1000, Math.floor(least / 2)), least);
  if (size < 2) {
    throw new FollowspotError(
      `kernel distance: expected at least 2 pictures a subset, got ${size}.`,
      {
        remedy: "Give more pictures.",
      },
    );
  }
  const pairs = Array.from({ length: subsets }, (_, i): SubsetPair => [
    choose(a.count, size, seed, 2 * i),
    choose(b.count, size, seed, 2 * i + 1),
  ]);
  return kernelDistanceOf(a, b, pairs, options);
}

/** KID over given subsets. */
export async function kernelDistanceOf(
  a: FeatureMatrix,
  b: FeatureMatrix,
  pairs: readonly SubsetPair[],
  options: ProductOptions,
): Promise<KernelDistance> {
  sameDimension("kernel distance", a, b);
  const subsetSize = pairs[0]![0].length;
  const products = await TileProducts.open(subsetSize, a.dimension, options);
  try {
    const values: number[] = [];
    for (const [rowsA, rowsB] of pairs) {
      values.push(await discrepancy(products, rowsOf(a, rowsA), rowsOf(b, rowsB)));
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance), subsets: pairs.length, subsetSize };
  } finally {
    await products.release();
  }
}

/** `size` of the numbers below `count`, without repetition. */
function choose(count: number, size: number, seed: number, key: number): Uint32Array {
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  const generator = streamOf(seed, key);
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(generator.random() * (count - i));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all.subarray(0, size);
}

/** The unbiased estimate of MMD² between two sets of one size. */
async function discrepancy(
  products: TileProducts,
  a: FeatureMatrix,
  b: FeatureMatrix,
): Promise<number> {
  const n = a.count;
  const [aa, bb, ab] = [
    await kernelSum(products, a, a),
    await kernelSum(products, b, b),
    await kernelSum(products, a, b),
  ];
  const pairs = n * (n - 1);
  return (aa.all - aa.diagonal + bb.all - bb.diagonal) / pairs - (2 * ab.all) / (n * n);
}

/** Sums of (x·y / d + 1)³ over all pairs, and over those of equal number, in float64. */
async function kernelSum(
  products: TileProducts,
  a: FeatureMatrix,
  b: FeatureMatrix,
): Promise<{ all: number; diagonal: number }> {
  let [all, diagonal] = [0, 0];
  for await (const tile of products.tiles(a, b)) {
    for (let i = 0; i < tile.rows; i++) {
      for (let j = 0; j < tile.columns; j++) {
        const kernel = (tile.products[i * tile.stride + j]! / a.dimension + 1) ** 3;
        all += kernel;
        if (tile.rowStart + i === tile.columnStart + j) diagonal += kernel;
      }
    }
  }
  return { all, diagonal };
}
