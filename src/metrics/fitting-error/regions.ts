// Error inside a mask against outside it, beside the controls without which the ratio says little
// (SFERD's thesis: the student errs where the teacher's attention is high).

import { checkLength, gradientMagnitude, localVariance } from "./maps.js";
import type { BatchShape } from "./maps.js";

export interface InsideOutside {
  /** Mean error inside the masks, over all pictures. */
  readonly inside: number;
  readonly outside: number;
  /** inside / outside: above 1 where the masks show where errors are. NaN when a side is empty. */
  readonly ratio: number;
}

/** Means of maps [n, h, w] weighted by masks [n, h, w] (0..1), and by what they leave. */
export function insideOutside(maps: ArrayLike<number>, masks: ArrayLike<number>): InsideOutside {
  checkLength("inside and outside", masks, maps.length);
  let [inSum, inArea, outSum, outArea] = [0, 0, 0, 0];
  for (let i = 0; i < maps.length; i++) {
    const weight = masks[i]!;
    inSum += weight * maps[i]!;
    inArea += weight;
    outSum += (1 - weight) * maps[i]!;
    outArea += 1 - weight;
  }
  const [inside, outside] = [inSum / inArea, outSum / outArea];
  return { inside, outside, ratio: inside / outside };
}

/**
 * Masks [n, h, w] of the pixels with the highest scores, in each picture as many as the given masks have
 * there (rounded): a control of equal area.
 */
export function equalAreaMasks(
  scores: ArrayLike<number>,
  masks: ArrayLike<number>,
  n: number,
): Float64Array {
  checkLength("equal area", masks, scores.length);
  const pixels = scores.length / n;
  const made = new Float64Array(scores.length);
  for (let picture = 0; picture < n; picture++) {
    const start = picture * pixels;
    let area = 0;
    for (let i = start; i < start + pixels; i++) area += masks[i]!;
    const order = Array.from({ length: pixels }, (_, i) => start + i);
    order.sort((a, b) => scores[b]! - scores[a]! || a - b);
    for (const i of order.slice(0, Math.round(area))) made[i] = 1;
  }
  return made;
}

/** Each picture's mask given to the next one, the last's to the first: what any mask of this kind explains. */
export function masksOfOthers(masks: ArrayLike<number>, n: number): Float64Array {
  const pixels = masks.length / n;
  return Float64Array.from(masks, (_, i) => masks[(i - pixels + masks.length) % masks.length]!);
}

/** A mask and its controls, on one kind of error. */
export interface MaskComparison {
  readonly attention: InsideOutside;
  /** As many pixels, those of the highest local gradient. */
  readonly gradient: InsideOutside;
  /** Another picture's mask. */
  readonly other: InsideOutside;
}

export interface RegionReport {
  readonly error: MaskComparison;
  /** The same of the error divided by the target's local variance: whether masks tell more than busyness. */
  readonly relative: MaskComparison;
  /** Whether the attention's ratio is above both controls', for the error and for the relative error. */
  readonly holds: boolean;
}

/** Least local variance that an error is divided by, as a share of the mean: flat regions have none. */
const VARIANCE_FLOOR = 0.01;

/**
 * The ratio inside to outside of attention masks beside their controls.
 *
 * @param maps squared errors [n, h, w]
 * @param masks attention masks [n, h, w], 0..1
 * @param targets the pictures that are predicted, [n, h, w, c]
 */
export function compareMasks(
  maps: Float64Array,
  masks: ArrayLike<number>,
  targets: ArrayLike<number>,
  shape: BatchShape,
): RegionReport {
  const [n] = shape;
  if (n < 2) throw new Error(`masks: expected at least 2 pictures, got ${n}`);
  const gradient = equalAreaMasks(gradientMagnitude(targets, shape), masks, n);
  const other = masksOfOthers(masks, n);
  const variance = localVariance(targets, shape);
  const floor = (VARIANCE_FLOOR * variance.reduce((sum, v) => sum + v, 0)) / variance.length;
  const relative = maps.map((value, i) => value / Math.max(variance[i]!, floor, Number.MIN_VALUE));
  const compare = (errors: Float64Array): MaskComparison => ({
    attention: insideOutside(errors, masks),
    gradient: insideOutside(errors, gradient),
    other: insideOutside(errors, other),
  });
  const [plain, divided] = [compare(maps), compare(relative)];
  return { error: plain, relative: divided, holds: beats(plain) && beats(divided) };
}

const beats = ({ attention, gradient, other }: MaskComparison): boolean =>
  attention.ratio > gradient.ratio && attention.ratio > other.ratio;
