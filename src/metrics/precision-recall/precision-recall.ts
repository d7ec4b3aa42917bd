// Improved precision and recall: shares of pictures within the other set's manifold (Kynkäänniemi et al. 2019).

import { FollowspotError } from "../../core/errors.js";
import { columnMeans, sameDimension } from "../features/matrix.js";
import type { FeatureMatrix } from "../features/matrix.js";
import { TileProducts } from "../features/products.js";
import type { ProductOptions, Tile } from "../features/products.js";

export interface PrecisionRecall {
  /** Share of the generated pictures that lie in the reference's manifold. */
  readonly precision: number;
  /** Share of the reference's pictures that lie in the generated ones' manifold. */
  readonly recall: number;
  /** Neighbours that a picture's sphere reaches to. */
  readonly neighbours: number;
}

/** Side of the tiles of distances: 4 MiB each. */
const TILE = 1024;

/** Throws FollowspotError when a set has not more pictures than `neighbours` (3 when absent). */
export async function precisionRecall(
  reference: FeatureMatrix,
  generated: FeatureMatrix,
  options: ProductOptions & { readonly neighbours?: number },
): Promise<PrecisionRecall> {
  const { neighbours = 3 } = options;
  sameDimension("precision and recall", reference, generated);
  const least = Math.min(reference.count, generated.count);
  if (least <= neighbours) {
    throw new FollowspotError(
      `precision and recall: expected more than ${neighbours} pictures, got ${least}.`,
      { remedy: "Give more pictures." },
    );
  }
  const middle = columnMeans(reference);
  const [a, b] = [centred(reference, middle), centred(generated, middle)];
  const side = Math.min(TILE, Math.max(a.count, b.count));
  const products = await TileProducts.open(side, a.dimension, options);
  try {
    const radiiA = await radii(products, a, neighbours);
    const radiiB = await radii(products, b, neighbours);
    const { inA, inB } = await within(products, a, radiiA, b, radiiB);
    return { precision: shareOf(inA), recall: shareOf(inB), neighbours };
  } finally {
    await products.release();
  }
}

/** Features about the reference's mean, so that less is lost when squares are subtracted in float32. */
function centred({ count, dimension, data }: FeatureMatrix, middle: Float64Array): FeatureMatrix {
  return { count, dimension, data: data.map((value, i) => value - middle[i % dimension]!) };
}

const squares = ({ count, dimension, data }: FeatureMatrix): Float64Array =>
  Float64Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < dimension; i++) sum += data[row * dimension + i]! ** 2;
    return sum;
  });

/** Calls `visit` with every pair of a tile and its squared distance. */
function eachPair(
  { rowStart, rows, columnStart, columns, products, stride }: Tile,
  squaresA: Float64Array,
  squaresB: Float64Array,
  visit: (row: number, column: number, squared: number) => void,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const [row, column] = [rowStart + i, columnStart + j];
      visit(row, column, squaresA[row]! + squaresB[column]! - 2 * products[i * stride + j]!);
    }
  }
}

/** The squared distance from each row to its k-th nearest other row. */
async function radii(products: TileProducts, a: FeatureMatrix, k: number): Promise<Float64Array> {
  const nearest = new Float64Array(a.count * k).fill(Infinity); // rising, k for each row
  const own = squares(a);
  for await (const tile of products.tiles(a, a)) {
    eachPair(tile, own, own, (row, column, squared) => {
      if (row !== column) insert(nearest, row * k, k, squared);
    });
  }
  return Float64Array.from({ length: a.count }, (_, row) => nearest[row * k + k - 1]!);
}

/** Puts a value into its place among the `k` least from `start` on. */
function insert(least: Float64Array, start: number, k: number, value: number): void {
  let at = start + k - 1;
  if (value >= least[at]!) return;
  for (; at > start && least[at - 1]! > value; at--) least[at] = least[at - 1]!;
  least[at] = value;
}

/** Which rows of b lie within the sphere of some row of a, and the other way round. */
async function within(
  products: TileProducts,
  a: FeatureMatrix,
  radiiA: Float64Array,
  b: FeatureMatrix,
  radiiB: Float64Array,
): Promise<{ inA: Uint8Array; inB: Uint8Array }> {
  const [squaresA, squaresB] = [squares(a), squares(b)];
  const inA = new Uint8Array(b.count);
  const inB = new Uint8Array(a.count);
  for await (const tile of products.tiles(a, b)) {
    eachPair(tile, squaresA, squaresB, (row, column, squared) => {
      if (squared <= radiiA[row]!) inA[column] = 1;
      if (squared <= radiiB[column]!) inB[row] = 1;
    });
  }
  return { inA, inB };
}

const shareOf = (flags: Uint8Array): number =>
  flags.reduce((sum, flag) => sum + flag, 0) / flags.length;
