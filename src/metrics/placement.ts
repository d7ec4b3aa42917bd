// The placement score: is the thing there, of the right colour, in its box, and do two keep their relation.

import type { Box, Colour, Noun, ProtocolRelation } from "../training/scenes/index.js";
import { centreIn, centreOf, intersectionOverUnion } from "./boxes.js";
import type { Detection } from "./detector/decode.js";

/** A thing asked for and where it is to stand. */
export interface PlacementTarget {
  readonly noun: Noun;
  /** Null when the words name no colour. */
  readonly colour: Colour | null;
  readonly box: Box;
}

/** What became of one target. */
export interface ThingScore {
  readonly found: boolean;
  /** Whether the find has the colour asked for; null when none was asked for or nothing found. */
  readonly colourRight: boolean | null;
  readonly centreInBox: boolean;
  /** 0 when not found. */
  readonly iou: number;
}

/** What became of a picture. */
export interface PictureScore {
  readonly things: readonly ThingScore[];
  /** Whether both centres are in their boxes; null unless there are two. */
  readonly bothInBox: boolean | null;
  /** Whether both things were found and lie as drawn; null when no relation was drawn. */
  readonly relationKept: boolean | null;
}

/**
 * The find of each target, undefined where there is none. A target takes the surest find of its noun,
 * one of its colour before one of another; where the find lies has no say, so that among several the
 * one that happens to be in the box is not favoured. No find serves two targets.
 */
export function matchTargets(
  detections: readonly Detection[],
  targets: readonly Pick<PlacementTarget, "noun" | "colour">[],
): (Detection | undefined)[] {
  const pairs = targets.flatMap((target, index) =>
    detections
      .filter(({ noun }) => noun === target.noun)
      .map((detection) => ({ index, detection, same: hasColour(detection, target) })),
  );
  pairs.sort((a, b) => Number(b.same) - Number(a.same) || b.detection.score - a.detection.score);
  const found: (Detection | undefined)[] = targets.map(() => undefined);
  for (const { index, detection } of pairs) {
    if (found[index] === undefined && !found.includes(detection)) found[index] = detection;
  }
  return found;
}

function hasColour(detection: Detection, { colour }: Pick<PlacementTarget, "colour">): boolean {
  return colour === null || detection.colour === colour;
}

/** Scores a picture's finds against what was asked for. */
export function scorePicture(
  detections: readonly Detection[],
  targets: readonly PlacementTarget[],
  relation: ProtocolRelation | null,
): PictureScore {
  const finds = matchTargets(detections, targets);
  const things = targets.map((target, index) => scoreThing(finds[index], target));
  return {
    things,
    bothInBox: things.length === 2 ? things.every(({ centreInBox }) => centreInBox) : null,
    relationKept: relation && keepsRelation(finds, relation),
  };
}

function scoreThing(find: Detection | undefined, { colour, box }: PlacementTarget): ThingScore {
  if (!find) return { found: false, colourRight: null, centreInBox: false, iou: 0 };
  return {
    found: true,
    colourRight: colour === null ? null : find.colour === colour,
    centreInBox: centreIn(find.box, box),
    iou: intersectionOverUnion(find.box, box),
  };
}

/** Whether the centres lie as the relation says; false where one of them was not found. */
function keepsRelation(
  finds: readonly (Detection | undefined)[],
  { first, relation, second }: ProtocolRelation,
): boolean {
  const [a, b] = [finds[first], finds[second]];
  if (!a || !b) return false;
  const axis = relation === "above" ? 1 : 0;
  return centreOf(a.box)[axis] < centreOf(b.box)[axis];
}
