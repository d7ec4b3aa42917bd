// A caption for a scene: what is in it, about half the time where it plays, seldom where things stand.

import { chance, choose, shuffled } from "./choose.js";
import { BACKGROUND_PHRASES, FRAMES, SYNONYMS, withArticle } from "./phrases.js";
import type { Box, RandomSource, Scene, SceneThing } from "./scene.js";

const PLACE_SHARE = 0.08; // captions that say where in the picture a thing stands
const RELATION_SHARE = 0.14; // captions of several things that try to say how two stand to each other
const BACKGROUND_SHARE = 0.5; // captions that name the background
const FRAME_SHARE = 0.35; // captions with words around the things
const SYNONYM_SHARE = 0.06; // nouns replaced by a synonym
const BARE_SHARE = 0.06; // captions without articles
const MARGIN = 0.08; // by how much boxes must be apart for a relation to be said

const centreX = (box: Box): number => (box[0] + box[2]) / 2;
const centreY = (box: Box): number => (box[1] + box[3]) / 2;

/** The relations of the first box to the second that hold without doubt. */
export function relationsOf(first: Box, second: Box): string[] {
  const found: string[] = [];
  const across = Math.abs(centreX(first) - centreX(second));
  const down = Math.abs(centreY(first) - centreY(second));
  if (down > across) {
    if (first[3] < second[1] + MARGIN && down > 2 * MARGIN) found.push("above", "over");
    if (second[3] < first[1] + MARGIN && down > 2 * MARGIN) found.push("below", "under");
  } else {
    if (first[2] < second[0] + MARGIN && across > 2 * MARGIN) found.push("to the left of");
    if (second[2] < first[0] + MARGIN && across > 2 * MARGIN) found.push("to the right of");
    const gap = Math.max(first[0] - second[2], second[0] - first[2]);
    if (gap < 0.2) found.push("next to", "beside");
  }
  return found;
}

/** The places in the picture that hold for a box without doubt. */
export function placesOf(box: Box): string[] {
  const [x, y] = [centreX(box), centreY(box)];
  const across = x < 0.36 ? "left" : x > 0.64 ? "right" : "";
  const down = y < 0.36 ? "top" : y > 0.64 ? "bottom" : "";
  const found: string[] = [];
  if (across) found.push(`on the ${across}`);
  if (down) found.push(`at the ${down}`);
  if (across && down) found.push(`in the ${down} ${across} corner`);
  if (Math.abs(x - 0.5) < 0.1 && Math.abs(y - 0.5) < 0.1) found.push("in the middle");
  return found;
}

function nameOf(thing: SceneThing, generator: RandomSource): string {
  const synonyms = SYNONYMS[thing.kind];
  const noun =
    synonyms && chance(generator, SYNONYM_SHARE) ? choose(generator, synonyms) : thing.kind;
  return thing.colour === undefined ? noun : `${thing.colour} ${noun}`;
}

function phraseOf(thing: SceneThing, generator: RandomSource, bare: boolean): string {
  const name = nameOf(thing, generator);
  if (bare) return name;
  const unique = thing.kind === "sun" || thing.kind === "moon";
  return unique && chance(generator, 0.6) ? `the ${name}` : withArticle(name);
}

/** "x", "x and y", "x, y and z" and their like. */
function join(phrases: readonly string[], generator: RandomSource): string {
  const [first, ...rest] = phrases;
  if (rest.length === 0) return first ?? "";
  const last = rest[rest.length - 1]!;
  const link = choose(generator, [" and ", " and ", " and ", " with ", ", "]);
  return [[first, ...rest.slice(0, -1)].join(", "), last].join(link);
}

/** The things in words, and whether that says where they stand. */
function listThings(scene: Scene, generator: RandomSource): { words: string; places: boolean } {
  const things = shuffled(generator, scene.things);
  const bare = chance(generator, BARE_SHARE);
  const phrases = things.map((thing) => phraseOf(thing, generator, bare));
  const [first, second, ...others] = things;
  if (first && second && chance(generator, RELATION_SHARE)) {
    const relations = relationsOf(first.box, second.box);
    if (relations.length > 0) {
      const related = `${phrases[0]} ${choose(generator, relations)} ${phrases[1]}`;
      const words = others.length > 0 ? `${related}, and ${phrases.slice(2).join(", ")}` : related;
      return { words, places: true };
    }
  }
  if (first && chance(generator, PLACE_SHARE)) {
    const places = placesOf(first.box);
    if (places.length > 0) {
      const placed = `${phrases[0]} ${choose(generator, places)}`;
      return { words: join([...phrases.slice(1), placed], generator), places: true };
    }
  }
  return { words: join(phrases, generator), places: false };
}

/** A caption and whether it says where things stand in the picture or to one another. */
export function describe(
  scene: Scene,
  generator: RandomSource,
): { caption: string; places: boolean } {
  const { words, places } = listThings(scene, generator);
  const where = choose(generator, BACKGROUND_PHRASES[scene.background.name]);
  const placed = chance(generator, BACKGROUND_SHARE);
  if (placed && !places && chance(generator, 0.1)) return { caption: `${where}, ${words}`, places };
  const told = placed ? `${words} ${where}` : words;
  if (!chance(generator, FRAME_SHARE)) return { caption: told, places };
  return { caption: choose(generator, FRAMES).replace("{}", told), places };
}

/**
 * A caption that is true of the scene: lower case, every thing named once, in an order that tells nothing about position.
 */
export function captionOf(scene: Scene, generator: RandomSource): string {
  return describe(scene, generator).caption;
}
