// What a detector says about each cell of its grid: the one agreement between network, targets and decoding.

import { COLOURS, NOUNS } from "../scenes/index.js";
import type { Value } from "../../engine/graph.js";

/** Side of the pictures that the detector sees, in pixels. */
export const PICTURE_SIDE = 96;
/** Pixels along the side of a cell. */
export const CELL = 4;
/** Cells along each side of the grid. */
export const GRID = PICTURE_SIDE / CELL;
/** The side that a predicted logarithm of 0 stands for, fraction of the picture. */
export const UNIT_SIDE = 0.3;
/** Classes of things: one heat map each. */
export const CLASSES = NOUNS.length;
/** The colours of solids, then "no colour word". */
export const COLOUR_CLASSES = COLOURS.length + 1;
/** Numbers of a box in a cell: offset of the centre in cells (x, y), logarithms of width and height. */
export const BOX_VALUES = 4;

/** What the network makes of pictures, as values of a graph. */
export interface DetectorMaps {
  /** Logits of "the centre of such a thing is here", [N, GRID, GRID, CLASSES]. */
  readonly heat: Value;
  /** Offset of the centre from the cell's own in cells (x, y), then log(side / UNIT_SIDE) (w, h). */
  readonly box: Value;
  /** Logits of the colours, [N, GRID, GRID, COLOUR_CLASSES]. */
  readonly colour: Value;
}
