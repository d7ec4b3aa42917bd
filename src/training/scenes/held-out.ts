// The combinations that never occur in training: a fifth of colour x solid and of thing x thing.

import { COLOURS, NOUNS, SOLIDS, isSolid } from "./kinds.js";
import type { Colour, Noun, SolidKind } from "./kinds.js";
import type { Scene } from "./scene.js";

/** A colour on a solid, or two different nouns in one picture (in any order). */
export type Combination =
  | { readonly colour: Colour; readonly solid: SolidKind }
  | { readonly nouns: readonly [Noun, Noun] };

/**
 * Whether a combination is kept out of training.
 *
 * The rule is arithmetic on the lists' order, so it can be read off: every colour loses exactly one solid, and every noun
 * about a fifth of its partners.
 */
export function isHeldOut(combination: Combination): boolean {
  if ("solid" in combination) {
    const colour = COLOURS.indexOf(combination.colour);
    return (colour + 2 * SOLIDS.indexOf(combination.solid)) % 5 === 3;
  }
  const [first, second] = combination.nouns.map((noun) => NOUNS.indexOf(noun)) as [number, number];
  return first !== second && (first + second) % 5 === 0;
}

/** The combinations that occur in a scene. */
export function combinationsOf(scene: Pick<Scene, "things">): Combination[] {
  const combinations: Combination[] = [];
  scene.things.forEach((thing, index) => {
    if (thing.colour !== undefined && isSolid(thing.kind)) {
      combinations.push({ colour: thing.colour, solid: thing.kind });
    }
    for (const other of scene.things.slice(index + 1)) {
      if (other.kind !== thing.kind) combinations.push({ nouns: [thing.kind, other.kind] });
    }
  });
  return combinations;
}
