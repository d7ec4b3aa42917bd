// What the maps should say of a scene: a bump at each thing's centre, its box and colour around it (CenterNet, Zhou et al. 2019).

import { COLOURS, NOUNS } from "../scenes/index.js";
import type { Box, Colour, Noun } from "../scenes/index.js";
import { BOX_VALUES, CLASSES, COLOUR_CLASSES, GRID, UNIT_SIDE } from "./layout.js";

/** A thing that a picture shows. */
export interface LabelledThing {
  readonly noun: Noun;
  /** Null for drawn things. */
  readonly colour: Colour | null;
  /** Fractions of the picture. */
  readonly box: Box;
}

/** The targets of a batch, rows as in the maps. */
export interface Targets {
  /** 1 at a thing's centre, falling to 0 around it: [N, GRID, GRID, CLASSES]. */
  readonly heat: Float32Array;
  /** [N, GRID, GRID, 4]. */
  readonly box: Float32Array;
  /** How much a cell's box counts, 0 far from any centre: [N, GRID, GRID, 1]. */
  readonly weight: Float32Array;
  /** One-hot, times the cell's weight: [N, GRID, GRID, COLOUR_CLASSES]. */
  readonly colour: Float32Array;
}

const SPREAD = 0.11; // deviation of the bump, fraction of the box's side
const MINIMUM_SPREAD = 0.7; // cells
const MINIMUM_WEIGHT = 0.3; // below this a cell's box does not count

/** Empty targets for `count` pictures. */
export function emptyTargets(count: number): Targets {
  const cells = count * GRID * GRID;
  return {
    heat: new Float32Array(cells * CLASSES),
    box: new Float32Array(cells * BOX_VALUES),
    weight: new Float32Array(cells),
    colour: new Float32Array(cells * COLOUR_CLASSES),
  };
}

/** Writes the things of picture `index` into targets that are still empty there. */
export function writeTargets(
  targets: Targets,
  index: number,
  things: readonly LabelledThing[],
): void {
  for (const thing of things) writeThing(targets, index, thing);
}

function writeThing(targets: Targets, index: number, { noun, colour, box }: LabelledThing): void {
  const [left, top, right, bottom] = box;
  const [x, y] = [((left + right) / 2) * GRID, ((top + bottom) / 2) * GRID];
  const spreadX = Math.max(MINIMUM_SPREAD, SPREAD * (right - left) * GRID);
  const spreadY = Math.max(MINIMUM_SPREAD, SPREAD * (bottom - top) * GRID);
  const kind = NOUNS.indexOf(noun);
  const paint = colour === null ? COLOURS.length : COLOURS.indexOf(colour);
  // The cell that holds the centre is the positive one, wherever in it the centre lies.
  const home = [clampCell(Math.floor(x)), clampCell(Math.floor(y))] as const;
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const across = (column - home[0]) / spreadX;
      const down = (row - home[1]) / spreadY;
      const bump = Math.exp(-(across * across + down * down) / 2);
      if (bump < 1e-3) continue;
      const cell = (index * GRID + row) * GRID + column;
      const heat = cell * CLASSES + kind;
      targets.heat[heat] = Math.max(targets.heat[heat]!, bump);
      if (bump < MINIMUM_WEIGHT || bump <= targets.weight[cell]!) continue;
      targets.weight[cell] = bump;
      const offset = [x - column - 0.5, y - row - 0.5];
      const sides = [Math.log((right - left) / UNIT_SIDE), Math.log((bottom - top) / UNIT_SIDE)];
      targets.box.set([...offset, ...sides], cell * BOX_VALUES);
      const start = cell * COLOUR_CLASSES;
      targets.colour.fill(0, start, start + COLOUR_CLASSES);
      targets.colour[start + paint] = bump;
    }
  }
}

function clampCell(cell: number): number {
  return Math.min(GRID - 1, Math.max(0, cell));
}
