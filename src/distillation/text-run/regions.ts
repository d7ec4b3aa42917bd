// Boxes for the things that a caption names, drawn at random as a person might: the scene's own boxes are not known here.

import type { Box } from "../../core/box.js";
import type { Generator } from "../../core/generator.js";
import type { HostTensor } from "../../core/tensor.js";
import { direct } from "../../guidance/placement/direct.js";
import { editTensors } from "../../guidance/placement/edit.js";
import type { EditRule, Grid, Placement, Region } from "../../guidance/placement/region.js";
import { locateWords } from "../../models/tokenizer/index.js";
import type { Encoding } from "../../models/tokenizer/index.js";
import { coverOf, namedThings } from "../../training/scenes/index.js";
import type { EditChoice } from "./config.js";

function between(generator: Generator, [least, most]: readonly [number, number]): number {
  return least + (most - least) * generator.random();
}

function randomBox(generator: Generator, sides: EditChoice["side"]): Box {
  const [width, height] = [between(generator, sides), between(generator, sides)];
  const [left, top] = [generator.random() * (1 - width), generator.random() * (1 - height)];
  return [left, top, left + width, top + height];
}

/** Boxes stand for the whole range of noise here: the graph decides by level what is edited. */
const MOMENT = { noiseLevel: 1, run: [1] };

/** What places things of a caption: nothing where no regions are given. */
export function placed(caption: Encoding, regions: readonly Region[]): Placement {
  return {
    tokens: caption.length - 2,
    words: caption.text.split(/\s+/).filter(Boolean).length,
    positions: caption.ids.length,
    regions: [...regions],
  };
}

/** Words of a caption in a box, at every level. */
export const regionOf = (
  caption: Encoding,
  words: string,
  { box, strength }: Pick<Region, "box" | "strength">,
): Region => ({ box, strength, until: 1, tokens: locateWords(caption, words).tokens });

/** The values of a graph's edits, one placement a row. */
export function editFeeds(
  placements: readonly Placement[],
  grids: readonly Grid[],
  edits: EditChoice,
): Record<string, HostTensor> {
  const rule: EditRule = direct(edits);
  const tensors = grids.map((grid) => {
    const each = placements.map((placement) => rule(placement, grid, MOMENT));
    return editTensors(grid, each, placements[0]!.positions);
  });
  return Object.assign({}, ...tensors) as Record<string, HostTensor>;
}

/**
 * What places one picture's things: nothing, one thing or two, in boxes that do not meet. How many and where depend on
 * the generator alone.
 */
export function randomPlacement(
  caption: Encoding,
  generator: Generator,
  choice: EditChoice,
): Placement {
  const isDirected = generator.random() < choice.share;
  const isPair = generator.random() < choice.pairs;
  const first = generator.random();
  const things = namedThings(caption.text);
  if (!isDirected || things.length === 0) return placed(caption, []);
  const start = Math.floor(first * things.length);
  const wanted = isPair ? 2 : 1;
  const chosen = [...things.slice(start), ...things.slice(0, start)].slice(0, wanted);
  const regions: Region[] = [];
  for (const words of chosen) {
    const box = randomBox(generator, choice.side);
    const strength = between(generator, choice.strength);
    if (regions.some((other) => coverOf(other.box, box) > 0)) continue;
    regions.push(regionOf(caption, words, { box, strength }));
  }
  return placed(caption, regions);
}
