// Where a picture's attention gathers: the keys that more than an average share of the queries looks at.

import { FollowspotError } from "../../core/errors.js";
import { tensor } from "../../core/tensor.js";
import { cast, gather, less, mean, reshape, sum } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";

/** Rows and columns. */
export interface Grid {
  readonly height: number;
  readonly width: number;
}

/**
 * The grid of a site of `cells` cells in pictures of height x width.
 *
 * @throws FollowspotError when no grid of the picture's proportions has so many cells
 */
export function gridOf(cells: number, { height, width }: Grid): Grid {
  const rows = Math.round(Math.sqrt((cells * height) / width));
  const columns = cells / rows;
  if (Number.isInteger(columns) && Math.abs(columns * height - rows * width) < rows + columns) {
    return { height: rows, width: columns };
  }
  throw new FollowspotError(
    `attention mask: expected a grid of the proportions ${height}x${width}, got ${cells} cells.`,
    { remedy: "Name a self-attention site." },
  );
}

/** For each of `to` places the one of `from` places that it lies in: nearest upsampling. */
export function nearestIndex(from: number, to: number): number[] {
  return Array.from({ length: to }, (_, i) => Math.floor((i * from) / to));
}

/**
 * The attention that each key gets: the sum over queries of the mean over heads, [N, heads, cells, cells] ->
 * [N, cells]. Its mean over the keys is 1.
 */
export function attentionReceived(maps: Value): Value {
  return sum(mean(maps, { axes: [1] }), { axes: [1] });
}

/**
 * 1 where a key gets more attention than `threshold`, else 0, brought to the size of the pictures:
 * maps [N, heads, cells, cells] -> [N, H, W, 1].
 *
 * @throws FollowspotError when the cells make no grid of the pictures' proportions
 */
export function attentionMask(maps: Value, threshold: number, picture: Grid): Value {
  const { graph } = maps;
  const cells = maps.shape[3]!;
  const grid = gridOf(cells, picture);
  const received = reshape(attentionReceived(maps), [-1, grid.height, grid.width, 1]);
  const mask = cast(less(graph.scalar(threshold), received), "float32");
  const index = (from: number, to: number): Value => {
    const places = BigInt64Array.from(nearestIndex(from, to), BigInt);
    return graph.constant(tensor("int64", [to], places));
  };
  const rows = gather(mask, index(grid.height, picture.height), 1);
  return gather(rows, index(grid.width, picture.width), 2);
}
