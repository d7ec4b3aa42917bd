// The placement protocol: fixed triples of prompt, boxes tied to words, and seed, made before any model is trained.

import { Generator } from "../../core/generator.js";
import { chance, choose, uniform } from "./choose.js";
import { isHeldOut } from "./held-out.js";
import { BACKGROUNDS, COLOURS, DRAWINGS, SOLIDS } from "./kinds.js";
import type { Colour, Noun } from "./kinds.js";
import { BACKGROUND_PHRASES, withArticle } from "./phrases.js";
import type { Box, RandomSource } from "./scene.js";

export const PROTOCOL_SPLITS = ["test", "tune"] as const;
export type ProtocolSplit = (typeof PROTOCOL_SPLITS)[number];

/** A thing asked for, the words that name it in the prompt, and where it is to stand. */
export interface ProtocolBox {
  readonly words: string;
  readonly noun: Noun;
  readonly colour: Colour | null; // null for drawn things
  readonly box: Box; // fractions of the picture, four decimals
}

/** How the boxes of a pair lie; it holds without doubt: they do not meet along that axis. */
export interface ProtocolRelation {
  readonly first: number; // index into boxes
  readonly relation: "above" | "left of";
  readonly second: number; // index into boxes
}

export interface ProtocolTriple {
  readonly id: string;
  readonly prompt: string; // names things and perhaps a background, never a place or relation
  readonly boxes: readonly ProtocolBox[]; // one or two
  readonly relation: ProtocolRelation | null; // null for one box
  readonly seed: number;
  readonly unseen: boolean; // whether it holds a combination kept out of training
}

export interface PlacementProtocol {
  readonly version: number;
  readonly test: readonly ProtocolTriple[];
  readonly tune: readonly ProtocolTriple[];
}

type Named = Omit<ProtocolBox, "box">;

const VERSION = 1;
const COUNTS = { test: 500, tune: 200 };
const FIRST_SEED = { test: 20_000, tune: 10_000 };
const LIST_SEED = { test: 20_001n, tune: 10_001n };
const MINIMUM_SIDE = 0.25; // fraction of the picture
const MAXIMUM_SIDE = 0.5; // fraction of the picture
const UNSEEN_EVERY = 5; // one triple in this many holds an unseen combination

function drawNamed(generator: RandomSource): Named {
  if (chance(generator, 0.5)) {
    const [colour, noun] = [choose(generator, COLOURS), choose(generator, SOLIDS)];
    return { words: `${colour} ${noun}`, noun, colour };
  }
  const noun = choose(generator, DRAWINGS);
  return { words: noun, noun, colour: null };
}

/** Whether the names hold a combination that training never shows. */
function isUnseen(names: readonly Named[]): boolean {
  const coloured = names.some(
    ({ noun, colour }) =>
      colour !== null && isHeldOut({ colour, solid: noun as (typeof SOLIDS)[number] }),
  );
  const [first, second] = names;
  return coloured || (!!first && !!second && isHeldOut({ nouns: [first.noun, second.noun] }));
}

function drawNames(generator: RandomSource, count: number, unseen: boolean): Named[] {
  for (;;) {
    const names = Array.from({ length: count }, () => drawNamed(generator));
    const distinct = new Set(names.map(({ words }) => words)).size === count;
    if (distinct && isUnseen(names) === unseen) return names;
  }
}

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

function drawBox(generator: RandomSource): Box {
  const width = uniform(generator, MINIMUM_SIDE, MAXIMUM_SIDE);
  const height = uniform(generator, MINIMUM_SIDE, MAXIMUM_SIDE);
  const left = uniform(generator, 0, 1 - width);
  const top = uniform(generator, 0, 1 - height);
  return [rounded(left), rounded(top), rounded(left + width), rounded(top + height)];
}

/** Two boxes of which one is wholly above or wholly left of the other, whichever of them it is. */
function drawPair(
  generator: RandomSource,
  relation: ProtocolRelation["relation"],
): { boxes: [Box, Box]; relation: ProtocolRelation } {
  const axis = relation === "above" ? 1 : 0;
  for (;;) {
    const boxes: [Box, Box] = [drawBox(generator), drawBox(generator)];
    for (const [first, second] of [
      [0, 1],
      [1, 0],
    ] as const) {
      if (boxes[first][axis + 2]! <= boxes[second][axis]) {
        return { boxes, relation: { first, relation, second } };
      }
    }
  }
}

function promptOf(generator: RandomSource, names: readonly Named[]): string {
  const things = names.map(({ words }) => withArticle(words)).join(" and ");
  if (!chance(generator, 0.5)) return things;
  return `${things} ${choose(generator, BACKGROUND_PHRASES[choose(generator, BACKGROUNDS)])}`;
}

function drawTriple(generator: RandomSource, split: ProtocolSplit, index: number): ProtocolTriple {
  const unseen = index % UNSEEN_EVERY === UNSEEN_EVERY - 1;
  const count = 1 + (index % 2);
  const names = drawNames(generator, count, unseen);
  const prompt = promptOf(generator, names);
  const pair = count === 2 ? drawPair(generator, index % 4 === 1 ? "above" : "left of") : undefined;
  const boxes = pair?.boxes ?? [drawBox(generator)];
  return {
    id: `${split}-${String(index + 1).padStart(3, "0")}`,
    prompt,
    boxes: names.map((name, k) => ({ ...name, box: boxes[k]! })),
    relation: pair?.relation ?? null,
    seed: FIRST_SEED[split] + index,
    unseen,
  };
}

function drawSplit(split: ProtocolSplit): ProtocolTriple[] {
  const generator = new Generator(LIST_SEED[split]);
  return Array.from({ length: COUNTS[split] }, (_, index) => drawTriple(generator, split, index));
}

/** The whole list; every call gives the same. The committed copy in bench/protocol is the one in force. */
export function placementProtocol(): PlacementProtocol {
  return { version: VERSION, test: drawSplit("test"), tune: drawSplit("tune") };
}
