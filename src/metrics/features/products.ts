// Inner products of many pairs of feature rows, in tiles, by the engine.

import { floats } from "../../core/tensor.js";
import { matmul } from "../../engine/functions.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime, Session } from "../../engine/runtime/session.js";
import type { FeatureMatrix } from "./matrix.js";

/** A tile of products: of rows `rowStart` on with rows `columnStart` on of the other set. */
export interface Tile {
  readonly rowStart: number;
  readonly rows: number;
  readonly columnStart: number;
  readonly columns: number;
  /** Product of row i and column j at i * stride + j. Valid until the next tile. */
  readonly products: Float32Array;
  readonly stride: number;
}

export interface ProductOptions {
  readonly runtime: Runtime;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Computes tiles of a fixed side; `release` frees it. */
export class TileProducts {
  private constructor(
    private readonly session: Session,
    private readonly side: number,
    private readonly dimension: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  static async open(
    side: number,
    dimension: number,
    options: ProductOptions,
  ): Promise<TileProducts> {
    const { runtime, threads, signal } = options;
    const graph = new Graph();
    const a = graph.input("a", "float32", [side, dimension]);
    const b = graph.input("b", "float32", [side, dimension]);
    graph.output("products", matmul(a, b, { transB: true }));
    const session = await runtime.compile(graph, threads === undefined ? {} : { threads });
    return new TileProducts(session, side, dimension, signal);
  }

  /** All tiles of a with b. Rejects with the signal's reason when aborted. */
  async *tiles(a: FeatureMatrix, b: FeatureMatrix): AsyncGenerator<Tile> {
    const { side, dimension } = this;
    const products = new Float32Array(side * side);
    const results = { products: floats([side, side], products) };
    for (let rowStart = 0; rowStart < a.count; rowStart += side) {
      const rows = Math.min(side, a.count - rowStart);
      const left = floats([side, dimension], this.block(a, rowStart));
      for (let columnStart = 0; columnStart < b.count; columnStart += side) {
        this.signal?.throwIfAborted();
        const columns = Math.min(side, b.count - columnStart);
        const right = floats([side, dimension], this.block(b, columnStart));
        await this.session.run({ a: left, b: right }, results);
        yield { rowStart, rows, columnStart, columns, products, stride: side };
      }
    }
  }

  release(): Promise<void> {
    return this.session.release();
  }

  /** Rows from `start` on, with zeros behind the last. */
  private block({ count, data }: FeatureMatrix, start: number): Float32Array {
    const { side, dimension } = this;
    const end = Math.min(count, start + side);
    const block = new Float32Array(side * dimension);
    block.set(data.subarray(start * dimension, end * dimension));
    return block;
  }
}
