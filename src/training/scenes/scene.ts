// The description of a scene: plain data, from which picture and caption are derived.

import type { Box } from "../../core/box.js";
import type { BackgroundName, Colour, DrawingKind, SolidKind } from "./kinds.js";

export type { Box } from "../../core/box.js";

export interface SolidThing {
  readonly kind: SolidKind;
  readonly colour: Colour;
  readonly box: Box;
  readonly shade: number; // brightness factor, near 1
}

export interface DrawnThing {
  readonly kind: DrawingKind;
  readonly colour?: undefined;
  readonly box: Box;
  readonly shade: number; // brightness factor, near 1
  readonly mirrored: boolean; // left and right exchanged
}

export type SceneThing = SolidThing | DrawnThing;

export interface SceneBackground {
  readonly name: BackgroundName;
  readonly horizon: number; // height of the horizon, fraction of the picture from its top
  readonly shade: number; // brightness factor, near 1
  readonly phase: number; // where the hills begin, radians
}

/** A picture to be drawn; later things cover earlier ones. */
export interface Scene {
  readonly background: SceneBackground;
  readonly things: readonly SceneThing[];
}

/** The one source of randomness: uniform numbers in [0, 1). */
export interface RandomSource {
  random(): number;
}
