// The ceiling of the placement table: the renderer draws the things, each as large as its box allows in its own proportions.

import { Generator } from "../core/generator.js";
import type { Picture } from "../io/image.js";
import { BACKGROUNDS, isSolid, renderScene } from "../training/scenes/index.js";
import { DRAWING_ASPECTS } from "../training/scenes/kinds.js";
import { choose, uniform } from "../training/scenes/choose.js";
import { BACKGROUND_PHRASES } from "../training/scenes/phrases.js";
import { solidSprite } from "../training/scenes/solids.js";
import type {
  Box,
  Drawings,
  ProtocolBox,
  ProtocolTriple,
  RandomSource,
  Scene,
  SceneThing,
} from "../training/scenes/index.js";

/** Width over height of a thing that nothing stretches. */
function aspectOf({ noun, colour }: ProtocolBox): number {
  if (!isSolid(noun)) return DRAWING_ASPECTS[noun];
  const { width, height } = solidSprite(noun, colour!);
  return width / height;
}

/** The largest box of the given proportions within another, with the same middle. */
export function fitBox([left, top, right, bottom]: Box, aspect: number): Box {
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const width = Math.min(right - left, (bottom - top) * aspect);
  const height = width / aspect;
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

/** The scene that a triple asks for, its background as the prompt says, or chosen by the seed. */
export function ceilingScene(triple: ProtocolTriple): Scene {
  const generator = new Generator(BigInt(triple.seed));
  const named = BACKGROUNDS.find((name) =>
    BACKGROUND_PHRASES[name].some((phrase) => triple.prompt.endsWith(` ${phrase}`)),
  );
  const background = {
    name: named ?? choose(generator, BACKGROUNDS),
    horizon: uniform(generator, 0.35, 0.7),
    shade: 1,
    phase: uniform(generator, 0, 2 * Math.PI),
  };
  return { background, things: triple.boxes.map((box) => thingIn(box, generator)) };
}

function thingIn(target: ProtocolBox, generator: RandomSource): SceneThing {
  const box = fitBox(target.box, aspectOf(target));
  const { noun, colour } = target;
  return isSolid(noun)
    ? { kind: noun, colour: colour!, box, shade: 1 }
    : { kind: noun, box, shade: 1, mirrored: generator.random() < 0.5 };
}

/** That scene as a picture of `side` x `side` pixels. */
export function ceilingPicture(triple: ProtocolTriple, drawings: Drawings, side: number): Picture {
  return { width: side, height: side, data: renderScene(ceilingScene(triple), side, drawings) };
}
