// Labelled scenes for the detector: rendered pictures with the boxes of their things.

import { coverOf, renderScene, sampleScene } from "../scenes/index.js";
import type { Box, Drawings, RandomSource, Scene, SceneThing } from "../scenes/index.js";
import { PICTURE_SIDE } from "./layout.js";
import type { LabelledThing } from "./targets.js";

export interface LabelledPicture {
  /** RGB bytes, PICTURE_SIDE x PICTURE_SIDE x 3. */
  readonly rgb: Uint8Array;
  readonly things: readonly LabelledThing[];
}

const STRETCH = 0.35; // largest change of a side's logarithm
const MAXIMUM_COVER = 0.3; // share of a stretched box that others may cover

/** What a scene shows, in paint order. */
export function labelsOf(scene: Scene): LabelledThing[] {
  return scene.things.map(({ kind, colour, box }) => ({ noun: kind, colour: colour ?? null, box }));
}

/** A scene of any combination, rendered; `stretched` gives things proportions that are not their own. */
export function labelledScene(
  generator: RandomSource,
  drawings: Drawings,
  { stretched = false }: { stretched?: boolean } = {},
): LabelledPicture & { readonly scene: Scene } {
  const { scene: drawn } = sampleScene(generator, { split: "any" });
  const scene = stretched ? stretchThings(generator, drawn) : drawn;
  return { scene, rgb: renderScene(scene, PICTURE_SIDE, drawings), things: labelsOf(scene) };
}

/** Generated things are wider or taller than rendered ones: the detector must know such things, too. */
function stretchThings(generator: RandomSource, scene: Scene): Scene {
  const things: SceneThing[] = scene.things.map((thing) => ({
    ...thing,
    box: stretchBox(generator, thing.box),
  }));
  const covered = things.some((thing, index) =>
    things.slice(index + 1).some(({ box }) => coverOf(thing.box, box) > MAXIMUM_COVER),
  );
  return covered ? scene : { ...scene, things };
}

function stretchBox(generator: RandomSource, [left, top, right, bottom]: Box): Box {
  const factor = (): number => Math.exp((2 * generator.random() - 1) * STRETCH);
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const width = Math.min(0.6, (right - left) * factor());
  const height = Math.min(0.6, (bottom - top) * factor());
  const x0 = Math.min(1 - width, Math.max(0, x - width / 2));
  const y0 = Math.min(1 - height, Math.max(0, y - height / 2));
  return [x0, y0, x0 + width, y0 + height];
}
