// Both judges on rendered scenes, where the truth is known: as rendered, through the autoencoder, and blurred with noise.

import type { Generator } from "../../core/generator.js";
import type { Picture } from "../../io/image.js";
import { blur, grain } from "../../training/detector/augment.js";
import { PICTURE_SIDE } from "../../training/detector/layout.js";
import type { RoundTrip } from "../../training/detector/round-trip.js";
import { labelledScene } from "../../training/detector/scenes.js";
import type { Drawings } from "../../training/scenes/index.js";
import { judgeSolids } from "../colour-judge.js";
import type { Detection } from "./decode.js";
import type { Detector } from "./detector.js";
import { visibleShares } from "./quality.js";
import type { JudgedPicture, VisibleThing } from "./quality.js";

/** What is done to the scenes before the judges look. */
export const CONDITIONS = ["rendered", "autoencoder", "blur and noise"] as const;
export type Condition = (typeof CONDITIONS)[number];

/** A condition's pictures with the finds of the detector and of the judge without learning. */
export interface RenderedJudgement {
  readonly condition: Condition;
  /** Finds down to a confidence of LEAST_SCORE. */
  readonly pictures: readonly JudgedPicture[];
  /** Finds of solids, picture by picture. */
  readonly secondJudge: readonly (readonly Detection[])[];
}

/** Confidence below which finds are not even kept. */
export const LEAST_SCORE = 0.05;

export interface RenderedScenes {
  readonly detector: Detector;
  readonly trip: RoundTrip;
  readonly drawings: Drawings;
  readonly generator: Generator;
  /** Scenes of any combination; each is judged in every condition. */
  readonly count: number;
}

/** Draws scenes and lets both judges look at them in every condition. */
export async function judgeRendered(scenes: RenderedScenes): Promise<RenderedJudgement[]> {
  const { detector, drawings, generator, trip, count } = scenes;
  const made = CONDITIONS.map((condition) => ({
    condition,
    pictures: [] as JudgedPicture[],
    secondJudge: [] as Detection[][],
  }));
  for (let index = 0; index < count; index++) {
    const { scene, rgb, things } = labelledScene(generator, drawings);
    const shares = visibleShares(scene, drawings);
    const shown: VisibleThing[] = things.map((thing, k) => ({ ...thing, visible: shares[k]! }));
    const softened = blur(generator, Float32Array.from(rgb), PICTURE_SIDE);
    const noisy = Uint8ClampedArray.from(grain(generator, softened, PICTURE_SIDE));
    const [decoded] = await trip.run([rgb]);
    const views = {
      rendered: rgb,
      autoencoder: decoded!,
      "blur and noise": Uint8Array.from(noisy),
    };
    for (const { condition, pictures, secondJudge } of made) {
      const picture: Picture = {
        width: PICTURE_SIDE,
        height: PICTURE_SIDE,
        data: views[condition],
      };
      const detections = await detector.detect(picture, LEAST_SCORE);
      pictures.push({ things: shown, detections });
      secondJudge.push(judgeSolids(picture));
    }
  }
  return made;
}
