// Convolutions of 3x3 taps and stride 1 by minimal filtering (Lavin and Gray, "Fast algorithms for convolutional neural
// networks", 2016): tiles of m x m results take (m + 2)² products a channel pair instead of 9m². All steps are matrix
// products: the transforms run over tiles laid out [place in the tile, tile · channel].

import { floats, integers } from "../../core/tensor.js";
import type { Shape } from "../../core/shape.js";
import { gather, matmul, pad, reshape } from "../functions.js";
import type { Graph, Value } from "../graph.js";
import type { ConvolutionGeometry } from "../operators.js";
import { bothAxes, minimalFilter, transposed } from "./toom-cook.js";
import type { Matrix, TileSide } from "./toom-cook.js";

type Size = readonly [number, number];

/** How the results of a batch are cut into tiles; the last of a row or column may reach beyond. */
interface Tiling {
  readonly m: TileSide;
  readonly pictures: number;
  readonly results: Size;
  readonly grid: Size;
  /** Tiles of the whole batch. */
  readonly count: number;
}

/** Tiles of side `m` over the results of that many pictures. */
export function tilingOf(m: TileSide, pictures: number, results: Size): Tiling {
  const grid = [Math.ceil(results[0] / m), Math.ceil(results[1] / m)] as const;
  return { m, pictures, results, grid, count: pictures * grid[0] * grid[1] };
}

function matrix(graph: Graph, rows: Matrix, name: string): Value {
  return graph.constant(floats([rows.length, rows[0]!.length], rows.flat()), `winograd ${name}`);
}

/** A matrix of F(m, 3) over both axes of a tile. */
function transform(graph: Graph, m: TileSide, name: "B" | "A" | "D" | "G" | "turned" | "W"): Value {
  const { inputs, taps, results } = minimalFilter(m);
  const rows: Record<typeof name, () => Matrix> = {
    B: () => bothAxes(inputs),
    A: () => bothAxes(results),
    D: () => transposed(bothAxes(results)),
    G: () => bothAxes(taps),
    turned: () => bothAxes(taps).map((row) => [...row].reverse()),
    W: () => transposed(bothAxes(taps)),
  };
  return matrix(graph, rows[name](), `${name} ${m}`);
}

/** Where each pixel of each tile's window of `side` x `side` reads x: [side², tiles] rows, those outside behind the last. */
function windowIndex(x: Shape, tiling: Tiling, side: number, before: Size): number[] {
  const [n, h, w] = x as [number, number, number];
  const { m, grid } = tiling;
  const index: number[] = [];
  for (let place = 0; place < side * side; place++) {
    const [row, column] = [Math.floor(place / side) - before[0], (place % side) - before[1]];
    for (let tile = 0; tile < tiling.count; tile++) {
      const picture = Math.floor(tile / (grid[0] * grid[1]));
      const y = (Math.floor(tile / grid[1]) % grid[0]) * m + row;
      const z = (tile % grid[1]) * m + column;
      const inside = y >= 0 && y < h && z >= 0 && z < w;
      index.push(inside ? (picture * h + y) * w + z : n * h * w);
    }
  }
  return index;
}

/** Windows of x [N, H, W, C] that begin `before` their tiles: [side², tiles · C]. */
function windows(x: Value, tiling: Tiling, side: number, before: Size): Value {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const index = windowIndex(x.shape, tiling, side, before);
  const { m, results } = tiling;
  const key = `winograd in ${x.shape.slice(0, 3).join()} ${m} ${results.join()} ${before.join()}`;
  const rows = reshape(x, [n * h * w, c]);
  const reachesOut = index.includes(n * h * w);
  const source = reachesOut ? pad(rows, [0, 0], [1, 0]) : rows;
  const indices = x.graph.constant(integers([index.length], index), key);
  return reshape(gather(source, indices), [side * side, tiling.count * c]);
}

/** Tiles [m², tiles · C] as pictures [N, H, W, C]; what reaches beyond is dropped. */
function pictures(tiles: Value, { m, pictures: n, results, grid, count }: Tiling): Value {
  const [h, w] = results;
  const index: number[] = [];
  for (let picture = 0; picture < n; picture++) {
    for (let y = 0; y < h; y++) {
      for (let z = 0; z < w; z++) {
        const tile = (picture * grid[0] + Math.floor(y / m)) * grid[1] + Math.floor(z / m);
        index.push(((y % m) * m + (z % m)) * count + tile);
      }
    }
  }
  const c = tiles.shape[1]! / count;
  const indices = tiles.graph.constant(
    integers([index.length], index),
    `winograd out ${n} ${results.join()} ${m}`,
  );
  return reshape(gather(reshape(tiles, [m * m * count, c]), indices), [n, h, w, c]);
}

/** Windows of x in the transformed domain, Bᵀ d B: [(m + 2)², tiles, C]. */
function transformedWindows(x: Value, tiling: Tiling, before: Size): Value {
  const side = tiling.m + 2;
  const tiles = windows(x, tiling, side, before);
  const mapped = matmul(transform(x.graph, tiling.m, "B"), tiles);
  return reshape(mapped, [side * side, tiling.count, x.shape[3]!]);
}

/** The weight [3, 3, I, O] in the transformed domain, G g Gᵀ: [(m + 2)², I, O]; turned around for the way back. */
function transformedWeight(weight: Value, m: TileSide, name: "G" | "turned"): Value {
  const [, , i, o] = weight.shape as [number, number, number, number];
  const mapped = matmul(transform(weight.graph, m, name), reshape(weight, [9, i * o]));
  return reshape(mapped, [(m + 2) ** 2, i, o]);
}

/** Aᵀ[…]A of products [(m + 2)², tiles, C], as pictures. */
function resultsOf(products: Value, tiling: Tiling): Value {
  const [places, count, c] = products.shape as [number, number, number];
  const flat = reshape(products, [places, count * c]);
  return pictures(matmul(transform(products.graph, tiling.m, "A"), flat), tiling);
}

/** x [N, H, W, I] under weight [3, 3, I, O], in tiles of side m. */
export function convolution(
  x: Value,
  weight: Value,
  { padding }: ConvolutionGeometry,
  output: Size,
  m: TileSide,
): Value {
  const tiling = tilingOf(m, x.shape[0]!, output);
  const taps = transformedWindows(x, tiling, [padding[0], padding[1]]);
  return resultsOf(matmul(taps, transformedWeight(weight, m, "G")), tiling);
}

/** The gradient to an input of that shape: the convolution of dy under the weight turned around. */
export function inputGradient(
  dy: Value,
  weight: Value,
  inputShape: Shape,
  { padding }: ConvolutionGeometry,
  m: TileSide,
): Value {
  const [n, h, w] = inputShape as [number, number, number];
  const tiling = tilingOf(m, n, [h, w]);
  const taps = transformedWindows(dy, tiling, [2 - padding[0], 2 - padding[1]]);
  const turned = transformedWeight(weight, m, "turned");
  return resultsOf(matmul(taps, turned, { transB: true }), tiling);
}

/** The gradient to a weight [3, 3, I, O]: the adjoint of the filter in its taps, (G ⊗ G)ᵀ (Bᵀ d B ⊙ A dy Aᵀ). */
export function weightGradient(
  x: Value,
  dy: Value,
  weight: Shape,
  { padding }: ConvolutionGeometry,
  m: TileSide,
): Value {
  const [n, oh, ow, o] = dy.shape as [number, number, number, number];
  const tiling = tilingOf(m, n, [oh, ow]);
  const taps = transformedWindows(x, tiling, [padding[0], padding[1]]);
  const { graph } = dy;
  const spread = matmul(transform(graph, m, "D"), windows(dy, tiling, m, [0, 0]));
  const side = m + 2;
  const products = matmul(taps, reshape(spread, [side * side, tiling.count, o]), { transA: true });
  const [, , i] = weight as [number, number, number];
  const flat = reshape(products, [side * side, i * o]);
  return reshape(matmul(transform(graph, m, "W"), flat), weight);
}
