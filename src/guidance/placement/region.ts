// A region is a box, the tokens that belong in it, and when and how strongly; boxes become cells of a grid here.

import type { Box } from "../../core/box.js";

/** Cells of an attention map. */
export interface Grid {
  readonly height: number;
  readonly width: number;
}

/** The distinct grids of attention sites. */
export function gridsOf(sites: readonly Grid[]): Grid[] {
  const byName = new Map(
    sites.map(({ height, width }) => [`${height}x${width}`, { height, width }]),
  );
  return [...byName.values()];
}

export interface Region {
  readonly box: Box;
  /** Positions of the words' tokens in the prompt. */
  readonly tokens: readonly number[];
  /** Factor on the edit; 0 leaves the picture plain. */
  readonly strength: number;
  /** Share of the noise range, from its noisy end, in which the region is directed. */
  readonly until: number;
}

/** All that places one picture's things. */
export interface Placement {
  readonly regions: readonly Region[];
  /** Tokens of the prompt, without start and end. */
  readonly tokens: number;
  /** Words of the prompt, cut at blanks: after these the first code began to count trailing positions. */
  readonly words: number;
  /** Positions of the whole sequence, 77 with CLIP. */
  readonly positions: number;
}

/** The moment of a step. */
export interface Moment {
  /** How far it is from the clean signal, 1 to 0. */
  readonly noiseLevel: number;
  /** The noise levels of all steps of the run, falling. */
  readonly run: readonly number[];
}

/** The edit of one picture's maps at one resolution: A' = A ⊙ multiply + relative · max(A) + absolute. */
export interface Edit {
  /** Each [cells, positions]; neutral are 1, 0 and 0. */
  readonly multiply: Float32Array;
  readonly relative?: Float32Array;
  readonly absolute?: Float32Array;
}

/** A rule that makes edits from regions. */
export type EditRule = (placement: Placement, grid: Grid, moment: Moment) => Edit;

// A limit such as 1 - 0.3 must not lose the step that lies on it to rounding.
const SLACK = 1e-9;

/** Whether a noise level is in a region's range: level >= 1 - until. */
export function isInRange({ until }: Pick<Region, "until">, noiseLevel: number): boolean {
  return noiseLevel >= 1 - until - SLACK;
}

/** Whether a region is directed at a noise level. */
export function isDirected(region: Region, noiseLevel: number): boolean {
  return region.strength > 0 && isInRange(region, noiseLevel);
}

/** The placement with only the regions that are directed at a noise level. */
export function directedAt(placement: Placement, noiseLevel: number): Placement {
  return {
    ...placement,
    regions: placement.regions.filter((region) => isDirected(region, noiseLevel)),
  };
}

/** Which of a region's directed steps this is, from 0, and how many it has in the run. */
export function directedStep(
  region: Region,
  { run, noiseLevel }: Moment,
): [index: number, count: number] {
  const directed = run.filter((level) => isDirected(region, level));
  return [directed.filter((level) => level > noiseLevel + SLACK).length, directed.length];
}

/** Trailing positions, the prompt's end being the first after `tokens`: `count` of them or as many as there are. */
export function trailingPositions(tokens: number, count: number, positions: number): number[] {
  const first = tokens + 1;
  return Array.from(
    { length: Math.max(0, Math.min(count, positions - first)) },
    (_, i) => first + i,
  );
}

/** Cells that a box covers by truncation, as the authors' code cuts them; ends are exclusive. */
export interface Cells {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Rows and columns of a box, both edges truncated: a box thinner than a cell may have none. */
export function truncatedCells([x0, y0, x1, y1]: Box, { height, width }: Grid): Cells {
  return {
    top: Math.trunc(height * y0),
    bottom: Math.trunc(height * y1),
    left: Math.trunc(width * x0),
    right: Math.trunc(width * x1),
  };
}

/**
 * The share of each cell that a box covers, [cells] in 0 to 1, the best covered cell counting as whole.
 * Truncation would pull every box towards the upper left corner and let it jump from cell to cell.
 */
export function coverage([x0, y0, x1, y1]: Box, { height, width }: Grid): Float32Array {
  const rows = overlaps(y0 * height, y1 * height, height);
  const columns = overlaps(x0 * width, x1 * width, width);
  const most = Math.max(...rows) * Math.max(...columns);
  return Float32Array.from({ length: height * width }, (_, cell) => {
    const share = rows[Math.floor(cell / width)]! * columns[cell % width]!;
    // Edges such as 0.7 * 10 lie beside whole cells by a rounding error.
    return Math.round((share / most) * 1e9) / 1e9;
  });
}

/** How much of each of `count` unit cells lies between `start` and `end`. */
function overlaps(start: number, end: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    Math.max(0, Math.min(end, i + 1) - Math.max(start, i)),
  );
}
