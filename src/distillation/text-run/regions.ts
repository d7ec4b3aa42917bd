// Random boxes for the things that a caption names, as a person might draw them: the scene's own boxes are not known here.

import type { Generator } from "../../core/generator.js";
import type { Placement, Region, RegionBox } from "../../guidance/placement/region.js";
import { locateWords } from "../../models/tokenizer/index.js";
import type { Encoding } from "../../models/tokenizer/index.js";
import { coverOf, namedThings } from "../../training/scenes/index.js";
import type { EditChoice } from "./config.js";

function between(generator: Generator, [least, most]: readonly [number, number]): number {
  return least + (most - least) * generator.random();
}

function randomBox(generator: Generator, sides: EditChoice["side"]): RegionBox {
  const [width, height] = [between(generator, sides), between(generator, sides)];
  const [left, top] = [generator.random() * (1 - width), generator.random() * (1 - height)];
  return [left, top, left + width, top + height];
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
  const placement = {
    tokens: caption.length - 2,
    words: caption.text.split(/\s+/).filter(Boolean).length,
    positions: caption.ids.length,
  };
  const isDirected = generator.random() < choice.share;
  const isPair = generator.random() < choice.pairs;
  const first = generator.random();
  const things = namedThings(caption.text);
  if (!isDirected || things.length === 0) return { ...placement, regions: [] };
  const start = Math.floor(first * things.length);
  const wanted = isPair ? 2 : 1;
  const chosen = [...things.slice(start), ...things.slice(0, start)].slice(0, wanted);
  const regions: Region[] = [];
  for (const words of chosen) {
    const box = randomBox(generator, choice.side);
    const strength = between(generator, choice.strength);
    if (regions.some((other) => coverOf(other.box, box) > 0)) continue;
    regions.push({ box, strength, until: 1, tokens: locateWords(caption, words).tokens });
  }
  return { ...placement, regions };
}
