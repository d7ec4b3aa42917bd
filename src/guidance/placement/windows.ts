// The masks of Directed Diffusion: W weakens a token outside its boxes, S strengthens it inside (Ma et al., AAAI 2024).

import type { Box } from "../../core/box.js";
import { coverage, trailingPositions } from "./region.js";
import type { Cells, Grid, Placement, Region } from "./region.js";

/** What shapes the masks. */
export interface MaskOptions {
  /** n_t: how many trailing positions are directed too. */
  readonly trailing: number;
  /** c_s: height of the Gaussian window inside the box, in the layer's largest attention. */
  readonly gain: number;
  /** c_w: factor on the attention outside the box. */
  readonly outside: number;
  /** Standard deviation of the window in box sizes; 1/2 when absent, as in the paper. */
  readonly deviation?: number;
}

/** Positions that belong to the same regions, and so are edited alike. */
export interface Group {
  readonly owners: readonly Region[];
  readonly positions: readonly number[];
}

/** The directed positions: each word's belong to its regions, `count` trailing ones to all. */
export function groupsOf(placement: Placement, count: number): Group[] {
  const { regions, tokens, positions } = placement;
  const trailing = new Set(trailingPositions(tokens, count, positions));
  const groups = new Map<string, { owners: Region[]; positions: number[] }>();
  for (let position = 0; position < positions; position++) {
    const owns = regions.map((each) => trailing.has(position) || each.tokens.includes(position));
    if (!owns.includes(true)) continue;
    const key = owns.join();
    const group = groups.get(key) ?? { owners: regions.filter((_, i) => owns[i]), positions: [] };
    group.positions.push(position);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** A Gaussian around the box's centre, cut to the box, its largest cell 1: [cells]. */
export function gaussianWindow(box: Box, grid: Grid, deviation = 0.5): Float32Array {
  const { height, width } = grid;
  const [x0, y0, x1, y1] = box;
  const inside = coverage(box, grid);
  const window = inside.map((share, cell) => {
    const u = ((cell % width) + 0.5) / width - (x0 + x1) / 2;
    const v = (Math.floor(cell / width) + 0.5) / height - (y0 + y1) / 2;
    const squares = (u / (deviation * (x1 - x0))) ** 2 + (v / (deviation * (y1 - y0))) ** 2;
    return share * Math.exp(-squares / 2);
  });
  const peak = window.reduce((most, value) => Math.max(most, value), 0);
  if (peak > 0) return window.map((value) => value / peak);
  // In a box far smaller than a cell the Gaussian is none at the cells' centres: what it covers is all there is of it.
  const most = inside.reduce((max, share) => Math.max(max, share), 0);
  return inside.map((share) => (most > 0 ? share / most : 0));
}

/**
 * W: 1 inside the union of the owners' boxes, `outside` elsewhere, [cells]. Below strength 1 it fades
 * towards 1, so that strength 0 is plain without a jump.
 */
export function weakening(owners: readonly Region[], grid: Grid, outside: number): Float32Array {
  const union = new Float32Array(grid.height * grid.width);
  for (const { box } of owners) {
    coverage(box, grid).forEach((share, cell) => (union[cell] = Math.max(union[cell]!, share)));
  }
  const depth = Math.min(1, Math.max(...owners.map(({ strength }) => strength))) * (1 - outside);
  return union.map((share) => 1 - depth * (1 - share));
}

/** S in units of the layer's largest attention: the sum of the owners' windows, [cells]. */
export function strengthening(
  owners: readonly Region[],
  grid: Grid,
  { gain, deviation }: MaskOptions,
): Float32Array {
  const sum = new Float32Array(grid.height * grid.width);
  for (const { box, strength } of owners) {
    const window = gaussianWindow(box, grid, deviation);
    window.forEach((value, cell) => (sum[cell]! += gain * strength * value));
  }
  return sum;
}

/** Writes some positions' common values [cells] into a table [cells, width]. */
export function writeColumns(
  table: Float32Array,
  width: number,
  positions: readonly number[],
  values: Float32Array,
): void {
  for (let cell = 0; cell < values.length; cell++) {
    for (const position of positions) table[cell * width + position] = values[cell]!;
  }
}

/**
 * The first code's window: a Gaussian density over the cells of a box, row by row. Its coordinates
 * run from 0 to the size inclusive and its mean is the truncated half, so odd boxes are not symmetric.
 */
export function densityWindow({ top, bottom, left, right }: Cells): Float32Array {
  const [height, width] = [bottom - top, right - left];
  const axis = (size: number): number[] =>
    Array.from({ length: size }, (_, i) => {
      const coordinate = size === 1 ? 0 : (i * size) / (size - 1);
      return ((coordinate - Math.floor(size / 2)) / (size / 2)) ** 2;
    });
  const [rows, columns] = [axis(height), axis(width)];
  const scale = 1 / (2 * Math.PI * (height / 2) * (width / 2));
  return Float32Array.from({ length: height * width }, (_, i) => {
    return scale * Math.exp(-(rows[Math.floor(i / width)]! + columns[i % width]!) / 2);
  });
}
