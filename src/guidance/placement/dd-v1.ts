// The first code of Directed Diffusion (Ma et al., arXiv 2302.13153v1): its arithmetic in float32, its quirks by option.

import { directedStep, trailingPositions, truncatedCells } from "./region.js";
import type { EditRule } from "./region.js";
import { densityWindow } from "./windows.js";

export interface FirstCodeOptions {
  /** n_t: how many trailing positions each region takes. */
  readonly trailing: number;
  /** Factor outside the boxes: 0.01. */
  readonly outside: number;
  /** Factor on positions that belong to no region: 0.01 as coded, 1 as in the paper. */
  readonly unlisted: number;
  /** Trailing positions are counted after the prompt's words (as coded) or after its tokens. */
  readonly count: "words" | "tokens";
  /** First of the gains that fall to 0 over a region's steps; 9 when absent. */
  readonly firstGain?: number;
}

/** A <- A · c_g · lev + G in each box, region after region; then all that no region kept is weakened. */
export function firstCode(options: FirstCodeOptions): EditRule {
  const { trailing, outside, unlisted, count, firstGain = 9 } = options;
  return (placement, grid, moment) => {
    const { positions, regions } = placement;
    const cells = grid.height * grid.width;
    const multiply = new Float32Array(cells * positions).fill(1);
    const absolute = new Float32Array(cells * positions);
    const tail = trailingPositions(placement[count], trailing, positions);
    const listed = new Set([...regions.flatMap(({ tokens }) => tokens), ...tail]);
    const factor = absolute.map((_, at) => (listed.has(at % positions) ? outside : unlisted));
    for (const region of regions) {
      const box = truncatedCells(region.box, grid);
      const window = densityWindow(box);
      const [index, steps] = directedStep(region, moment);
      // linspace(9, 0, N): a single step has the last gain, 0.
      const gain = steps > 1 ? region.strength * firstGain * (1 - index / (steps - 1)) : 0;
      for (const position of new Set([...region.tokens, ...tail])) {
        for (let cell = 0; cell < cells; cell++) {
          const at = cell * positions + position;
          const [row, column] = [Math.floor(cell / grid.width), cell % grid.width];
          const inRows = row >= box.top && row < box.bottom;
          const inColumns = column >= box.left && column < box.right;
          // As coded, an earlier box keeps only what lies in a later one's rows or columns.
          if (!inRows && !inColumns) factor[at] = outside;
          if (!inRows || !inColumns) continue;
          factor[at] = 1;
          multiply[at]! *= gain;
          absolute[at] =
            absolute[at]! * gain +
            window[(row - box.top) * (box.right - box.left) + column - box.left]!;
        }
      }
    }
    const weakened = (table: Float32Array): Float32Array => table.map((v, at) => v * factor[at]!);
    return { multiply: weakened(multiply), absolute: weakened(absolute) };
  };
}
