// From maps to finds: peaks of the heat maps, the boxes and colours at them, one find a place.

import {
  BOX_VALUES,
  CLASSES,
  COLOUR_CLASSES,
  GRID,
  UNIT_SIDE,
} from "../../training/detector/layout.js";
import { COLOURS, NOUNS, isSolid } from "../../training/scenes/index.js";
import type { Box, Colour, Noun } from "../../training/scenes/index.js";
import { intersectionOverUnion } from "../boxes.js";

/** A thing that a judge sees in a picture. */
export interface Detection {
  readonly noun: Noun;
  /** Null for drawn things. */
  readonly colour: Colour | null;
  /** Fractions of the picture. */
  readonly box: Box;
  /** Confidence, 0..1. */
  readonly score: number;
}

/** One picture's maps on the host, GRID x GRID cells each, as layout.ts says. */
export interface HostMaps {
  readonly heat: ArrayLike<number>;
  readonly box: ArrayLike<number>;
  readonly colour: ArrayLike<number>;
}

/** Finds that share more than this of their joint area are one thing, whatever they are called. */
const SAME_PLACE = 0.6;
const LARGEST_LOGARITHM = 1.3; // of a side over UNIT_SIDE: a little more than the whole picture

/**
 * What the maps say is in the picture, surest first, at most one find a place.
 *
 * @param threshold least confidence, 0..1
 */
export function decodeMaps(maps: HostMaps, threshold: number): Detection[] {
  const finds = peaksOf(maps.heat, threshold).map((peak) => readPeak(maps, peak));
  finds.sort((a, b) => b.score - a.score);
  const kept: Detection[] = [];
  for (const find of finds) {
    const taken = kept.some(({ box }) => intersectionOverUnion(box, find.box) > SAME_PLACE);
    if (!taken) kept.push(find);
  }
  return kept;
}

interface Peak {
  readonly row: number;
  readonly column: number;
  readonly kind: number; // index into NOUNS
  readonly score: number;
}

/** Cells whose heat is at least the threshold and no less than that of the eight around. */
function peaksOf(heat: ArrayLike<number>, threshold: number): Peak[] {
  const least = Math.log(threshold / (1 - threshold));
  const peaks: Peak[] = [];
  for (let at = 0; at < GRID * GRID * CLASSES; at++) {
    const logit = heat[at]!;
    if (logit < least) continue;
    const kind = at % CLASSES;
    const cell = Math.floor(at / CLASSES);
    const [row, column] = [Math.floor(cell / GRID), cell % GRID];
    if (isHighest(heat, row, column, kind, logit)) {
      peaks.push({ row, column, kind, score: 1 / (1 + Math.exp(-logit)) });
    }
  }
  return peaks;
}

function isHighest(
  heat: ArrayLike<number>,
  row: number,
  column: number,
  kind: number,
  logit: number,
): boolean {
  for (let y = Math.max(0, row - 1); y <= Math.min(GRID - 1, row + 1); y++) {
    for (let x = Math.max(0, column - 1); x <= Math.min(GRID - 1, column + 1); x++) {
      if (heat[(y * GRID + x) * CLASSES + kind]! > logit) return false;
    }
  }
  return true;
}

function readPeak(maps: HostMaps, { row, column, kind, score }: Peak): Detection {
  const cell = row * GRID + column;
  const noun = NOUNS[kind]!;
  const [dx, dy, logWidth, logHeight] = Array.from(
    { length: BOX_VALUES },
    (_, i) => maps.box[cell * BOX_VALUES + i]!,
  ) as [number, number, number, number];
  const [x, y] = [(column + 0.5 + dx) / GRID, (row + 0.5 + dy) / GRID];
  const side = (logarithm: number): number =>
    UNIT_SIDE * Math.exp(Math.min(LARGEST_LOGARITHM, logarithm));
  const [halfWidth, halfHeight] = [side(logWidth) / 2, side(logHeight) / 2];
  const inside = (value: number): number => Math.min(1, Math.max(0, value));
  const box: Box = [
    inside(x - halfWidth),
    inside(y - halfHeight),
    inside(x + halfWidth),
    inside(y + halfHeight),
  ];
  return { noun, colour: isSolid(noun) ? colourAt(maps.colour, cell) : null, box, score };
}

/** The likeliest colour; a solid has one, so "none" is no answer here. */
function colourAt(logits: ArrayLike<number>, cell: number): Colour {
  let best = 0;
  for (let i = 1; i < COLOURS.length; i++) {
    if (logits[cell * COLOUR_CLASSES + i]! > logits[cell * COLOUR_CLASSES + best]!) best = i;
  }
  return COLOURS[best]!;
}
