// How good a detector is on rendered scenes, where the truth is known, and the threshold that follows from it.

import type { LabelledThing } from "../../training/detector/targets.js";
import { renderAlpha } from "../../training/scenes/index.js";
import type { Drawings, Scene } from "../../training/scenes/index.js";
import { intersectionOverUnion } from "../boxes.js";
import type { Detection } from "./decode.js";

/** A thing that is in a picture, and how much of it can be seen. */
export interface VisibleThing extends LabelledThing {
  /** Share of its pixels that later things leave uncovered, 0..1. */
  readonly visible: number;
}

/** A picture whose truth is known, and what a judge says of it. */
export interface JudgedPicture {
  readonly things: readonly VisibleThing[];
  readonly detections: readonly Detection[];
}

export interface DetectorQuality {
  readonly pictures: number;
  /** Things at least half visible. */
  readonly things: number;
  /** Share of these that a find of their noun covers at IoU 0.5 or more. */
  readonly recall: number;
  /** Share of the solids so found that are given another colour. */
  readonly wrongColour: number;
  /** Share of the things at whose place (IoU 0.5) something else is found instead. */
  readonly wrongThing: number;
  /** Share of the pictures with a find of any thing that they do not show. */
  readonly falseFinds: number;
  /** Mean IoU of the finds that count for the recall. */
  readonly meanIou: number;
}

const SAME_PLACE = 0.5; // IoU
const HALF_VISIBLE = 0.5;
const PROBE_SIDE = 96; // pixels along the side of the pictures in which visibility is measured

/** Share of each thing's pixels that later things leave visible. */
export function visibleShares(scene: Scene, drawings: Drawings): number[] {
  const alphas = scene.things.map((thing) => renderAlpha(thing, PROBE_SIDE, drawings));
  return alphas.map((own, index) => {
    let [all, left] = [0, 0];
    own.forEach((value, at) => {
      const through = alphas.slice(index + 1).reduce((rest, cover) => rest * (1 - cover[at]!), 1);
      all += value;
      left += value * through;
    });
    return all > 0 ? left / all : 0;
  });
}

/** The find of a thing's noun that covers it best, at IoU 0.5 or more. */
function findOf(thing: LabelledThing, detections: readonly Detection[]): Detection | undefined {
  return bestAt(
    thing,
    detections.filter(({ noun }) => noun === thing.noun),
  );
}

function bestAt({ box }: LabelledThing, detections: readonly Detection[]): Detection | undefined {
  const iou = (find: Detection): number => intersectionOverUnion(find.box, box);
  const near = detections.filter((find) => iou(find) >= SAME_PLACE);
  return near.sort((a, b) => iou(b) - iou(a))[0];
}

/** The quality of a judge over pictures; shares are 0 where there is nothing to count. */
export function qualityOf(pictures: readonly JudgedPicture[]): DetectorQuality {
  let [things, found, solids, wrongColour, wrongThing, falseFinds, overlap] = [0, 0, 0, 0, 0, 0, 0];
  for (const { things: shown, detections } of pictures) {
    const strangers = detections.filter(({ noun }) => !shown.some((thing) => thing.noun === noun));
    if (strangers.length > 0) falseFinds++;
    for (const thing of shown.filter(({ visible }) => visible >= HALF_VISIBLE)) {
      things++;
      const find = findOf(thing, detections);
      if (!find) {
        if (bestAt(thing, detections)) wrongThing++;
        continue;
      }
      found++;
      overlap += intersectionOverUnion(find.box, thing.box);
      if (thing.colour === null) continue;
      solids++;
      if (find.colour !== thing.colour) wrongColour++;
    }
  }
  const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
  return {
    pictures: pictures.length,
    things,
    recall: share(found, things),
    wrongColour: share(wrongColour, solids),
    wrongThing: share(wrongThing, things),
    falseFinds: share(falseFinds, pictures.length),
    meanIou: share(overlap, found),
  };
}

/** The pictures with the finds of at least `threshold`. */
export function atThreshold(
  pictures: readonly JudgedPicture[],
  threshold: number,
): JudgedPicture[] {
  return pictures.map(({ things, detections }) => ({
    things,
    detections: detections.filter(({ score }) => score >= threshold),
  }));
}

/**
 * The lowest threshold, in hundredths, at which at most `limit` of the pictures have a false find: a
 * lower one finds more. The highest, 0.95, when none keeps to the limit.
 *
 * @param pictures with all finds down to a confidence of 0.05
 */
export function chooseThreshold(pictures: readonly JudgedPicture[], limit: number): number {
  for (let hundredths = 5; hundredths < 95; hundredths++) {
    const { falseFinds } = qualityOf(atThreshold(pictures, hundredths / 100));
    if (falseFinds <= limit) return hundredths / 100;
  }
  return 0.95;
}

/** How often each pair of different nouns is mistaken: "cube for cylinder" and a count, most frequent first. */
export function confusionsOf(pictures: readonly JudgedPicture[]): [pair: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { things, detections } of pictures) {
    for (const thing of things.filter(({ visible }) => visible >= HALF_VISIBLE)) {
      const wrong = findOf(thing, detections) ? undefined : bestAt(thing, detections);
      if (!wrong) continue;
      const pair = `${thing.noun} taken for ${wrong.noun}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}
