// The second judge, without learning: solids by colour, largest piece and shape moments.

import type { Picture } from "../io/image.js";
import { COLOURS, SOLIDS, renderAlpha } from "../training/scenes/index.js";
import type { Box, Colour, SolidKind } from "../training/scenes/index.js";
import type { Drawings } from "../training/scenes/index.js";
import { colourMasks } from "./colour-mask.js";
import type { Detection } from "./detector/decode.js";
import { momentsOf, shapeDistance } from "./moments.js";
import type { ShapeMoments } from "./moments.js";
import { closeGaps, fillSmallHoles, regionsOf } from "./regions.js";
import type { Region } from "./regions.js";

const LEAST_AREA = 0.008; // of the picture
const SMALL_HOLE = 0.02; // of a region: a highlight, not the hole of a torus
const SIZE = 96; // pixels along the side of the silhouettes that shapes are compared with
const FARTHEST = 0.25; // shapes more unlike than this are no solid

let silhouettes: readonly (readonly [SolidKind, ShapeMoments])[] | undefined;

/** The moments of each solid's own silhouette. */
function knownShapes(): readonly (readonly [SolidKind, ShapeMoments])[] {
  silhouettes ??= SOLIDS.map((kind) => {
    const thing = { kind, colour: COLOURS[0], box: [0.1, 0.1, 0.9, 0.9] as Box, shade: 1 };
    // Solids need no drawings.
    const alpha = renderAlpha(thing, SIZE, {} as Drawings);
    const mask = Uint8Array.from(alpha, (value) => Number(value >= 0.5));
    return [kind, shapeOf(regionsOf(mask, SIZE, SIZE, 1)[0]!, SIZE, SIZE)] as const;
  });
  return silhouettes;
}

function shapeOf(region: Region, width: number, height: number): ShapeMoments {
  const filled = fillSmallHoles(region, width, height, Infinity);
  const hole = (filled.area - region.area) / filled.area;
  const { left, top, right, bottom } = region;
  const weightAt = (x: number, y: number): number => filled.mask[(top + y) * width + left + x]!;
  return momentsOf(weightAt, right - left, bottom - top, hole);
}

function boxOf({ left, top, right, bottom }: Region, { width, height }: Picture): Box {
  return [left / width, top / height, right / width, bottom / height];
}

/**
 * The solids of a picture, the likeliest shape first. Drawn things are not judged, but one that is
 * largely of a solid's colour and shape may be taken for it.
 */
export function judgeSolids(picture: Picture): Detection[] {
  const masks = colourMasks(picture);
  const finds = COLOURS.flatMap((colour) => judgeColour(picture, colour, masks[colour]));
  return finds.sort((a, b) => b.score - a.score);
}

function judgeColour(picture: Picture, colour: Colour, mask: Uint8Array): Detection[] {
  const { width, height } = picture;
  const least = LEAST_AREA * width * height;
  if (mask.reduce((sum, value) => sum + value, 0) < least) return [];
  const closed = closeGaps(mask, width, height);
  const regions = regionsOf(closed, width, height, least);
  return regions.flatMap((region) => {
    const whole = fillSmallHoles(region, width, height, SMALL_HOLE);
    const shape = shapeOf(whole, width, height);
    const [noun, distance] = nearestShape(shape);
    if (distance > FARTHEST) return [];
    return [{ noun, colour, box: boxOf(whole, picture), score: 1 - distance / FARTHEST }];
  });
}

function nearestShape(shape: ShapeMoments): [SolidKind, number] {
  const distances = knownShapes().map(([kind, known]): [SolidKind, number] => [
    kind,
    shapeDistance(shape, known),
  ]);
  return distances.reduce((best, next) => (next[1] < best[1] ? next : best));
}
