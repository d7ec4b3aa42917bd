// Random scenes: which things, how large, where; and the training pairs made of them.

import { BACKGROUNDS, COLOURS, DRAWINGS, DRAWING_ASPECTS, SOLIDS } from "./kinds.js";
import type { Colour, DrawingKind, SolidKind } from "./kinds.js";
import { captionOf } from "./captions.js";
import { chance, choose, uniform } from "./choose.js";
import type { Drawings } from "./drawings.js";
import { combinationsOf, isHeldOut } from "./held-out.js";
import { renderScene } from "./render.js";
import type { Box, RandomSource, Scene, SceneBackground, SceneThing } from "./scene.js";
import { solidSprite } from "./solids.js";

/** Which combinations may occur: none of the held-out ones, at least one of them, or all. */
export type Split = "train" | "heldout" | "any";

/** Shares of the scenes with one, two and three things; they sum to 1. */
export type ThingCounts = readonly [number, number, number];

/** The mixture of the evaluated scenes, and of training unless a configuration says otherwise. */
export const THING_COUNTS: ThingCounts = [0.35, 0.45, 0.2];

/** Range of the sides of the things, as fractions of the picture, before their shapes stretch them. */
export type ThingSides = readonly [number, number];

/** The sides of the evaluated scenes, and of training unless a configuration says otherwise. */
export const THING_SIDES: ThingSides = [0.18, 0.56];

const MINIMUM_SIDE = 0.15; // fraction of the picture
const MAXIMUM_SIDE = 0.6; // fraction of the picture
const MAXIMUM_COVER = 0.2; // share of a box that later boxes may cover

type Named = { kind: SolidKind; colour: Colour } | { kind: DrawingKind; colour?: undefined };

function drawName(generator: RandomSource): Named {
  return chance(generator, 0.5)
    ? { kind: choose(generator, SOLIDS), colour: choose(generator, COLOURS) }
    : { kind: choose(generator, DRAWINGS) };
}

function sameName(a: Named, b: Named): boolean {
  return a.kind === b.kind && a.colour === b.colour;
}

function drawNames(generator: RandomSource, [one, two]: ThingCounts): Named[] {
  const dice = generator.random();
  const count = dice < one ? 1 : dice < one + two ? 2 : 3;
  const names: Named[] = [];
  while (names.length < count) {
    const name = drawName(generator);
    if (!names.some((other) => sameName(other, name))) names.push(name);
  }
  return names;
}

function aspectOf(name: Named): number {
  if (name.colour === undefined) return DRAWING_ASPECTS[name.kind];
  const sprite = solidSprite(name.kind, name.colour);
  return sprite.width / sprite.height;
}

function clampSide(side: number): number {
  return Math.min(MAXIMUM_SIDE, Math.max(MINIMUM_SIDE, side));
}

function drawBox(generator: RandomSource, name: Named, sides: ThingSides): Box {
  const side = uniform(generator, ...sides);
  const stretch = Math.sqrt(aspectOf(name)) * Math.exp(uniform(generator, -0.06, 0.06));
  const [width, height] = [clampSide(side * stretch), clampSide(side / stretch)];
  const left = uniform(generator, 0, 1 - width);
  const top = uniform(generator, 0, 1 - height);
  return [left, top, left + width, top + height];
}

/** Share of the first box that lies under the second. */
export function coverOf(box: Box, cover: Box): number {
  const width = Math.min(box[2], cover[2]) - Math.max(box[0], cover[0]);
  const height = Math.min(box[3], cover[3]) - Math.max(box[1], cover[1]);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / ((box[2] - box[0]) * (box[3] - box[1]));
}

/** Boxes in paint order of which none is covered too much, or undefined when the draw was unlucky. */
function drawBoxes(
  generator: RandomSource,
  names: readonly Named[],
  sides: ThingSides,
): Box[] | undefined {
  const boxes = names.map((name) => drawBox(generator, name, sides));
  const fits = boxes.every((box, index) => {
    const later = boxes.slice(index + 1).map((cover) => coverOf(box, cover));
    return later.reduce((sum, share) => sum + share, 0) <= MAXIMUM_COVER;
  });
  return fits ? boxes : undefined;
}

function drawBackground(generator: RandomSource): SceneBackground {
  return {
    name: choose(generator, BACKGROUNDS),
    horizon: uniform(generator, 0.35, 0.7),
    shade: uniform(generator, 0.93, 1.05),
    phase: uniform(generator, 0, 2 * Math.PI),
  };
}

function drawThing(generator: RandomSource, name: Named, box: Box): SceneThing {
  const shade = uniform(generator, 0.92, 1.06);
  return name.colour === undefined
    ? { kind: name.kind, box, shade, mirrored: chance(generator, 0.5) }
    : { kind: name.kind, colour: name.colour, box, shade };
}

/** How many things scenes hold, and how large these are. */
interface Mixture {
  readonly counts: ThingCounts;
  readonly sides: ThingSides;
}

/** A random scene, whatever its combinations. */
function drawScene(generator: RandomSource, { counts, sides }: Mixture): Scene {
  for (;;) {
    const names = drawNames(generator, counts);
    for (let attempt = 0; attempt < 8; attempt++) {
      const boxes = drawBoxes(generator, names, sides);
      if (!boxes) continue;
      const things = names.map((name, index) => drawThing(generator, name, boxes[index]!));
      return { background: drawBackground(generator), things };
    }
  }
}

function belongsTo(scene: Scene, split: Split): boolean {
  return split === "any" || combinationsOf(scene).some(isHeldOut) === (split === "heldout");
}

/** A random scene of the split, with a caption. */
export function sampleScene(
  generator: RandomSource,
  {
    split = "train",
    counts = THING_COUNTS,
    sides = THING_SIDES,
  }: Partial<Mixture> & { split?: Split } = {},
): { scene: Scene; caption: string } {
  for (;;) {
    const scene = drawScene(generator, { counts, sides });
    if (belongsTo(scene, split)) return { scene, caption: captionOf(scene, generator) };
  }
}

/** All that training ever sees of a scene: no box, mask or layout. */
export interface TrainingSample {
  readonly picture: Uint8Array; // RGB, size x size x 3
  readonly caption: string;
}

/** A rendered pair for training, without held-out combinations. */
export function trainingSample(
  generator: RandomSource,
  { drawings, size, ...mixture }: Partial<Mixture> & { drawings: Drawings; size: number },
): TrainingSample {
  const { scene, caption } = sampleScene(generator, { split: "train", ...mixture });
  return { picture: renderScene(scene, size, drawings), caption };
}
