// What a student is asked for, from whatever predicts: progressive (Salimans & Ho 2022, arXiv 2202.00512), consistency
// (Song et al. 2023, arXiv 2303.01469), and the target that the published code of SFERD really has.

import { add, mul, sub } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import type { LevelValues, Predict } from "../guidance/self-attention/index.js";
import { perPicture } from "../training/losses.js";
import type { PathValues } from "./path.js";

/** keep x + gain x0: one DDIM step. */
function stepped(x: Value, x0: Value, { keep, gain }: PathValues): Value {
  return add(mul(x, perPicture(keep)), mul(x0, perPicture(gain)));
}

/**
 * Progressive: the picture for which a single step from `x` lands where the teacher lands at the end of `path`.
 * At the end of the way it is the teacher's last prediction.
 */
export function progressiveTarget(teacher: Predict, x: Value, path: readonly PathValues[]): Value {
  let here = x;
  const parts = path.map((step, j) => {
    const x0 = teacher(here, step.level);
    if (j < path.length - 1) here = stepped(here, x0, step);
    return path.length === 1 ? x0 : mul(x0, perPicture(step.mix));
  });
  return parts.reduce((sum, part) => add(sum, part));
}

/** Where the teacher lands at the end of `path`. */
export function teacherArrival(teacher: Predict, x: Value, path: readonly PathValues[]): Value {
  return path.reduce((here, step) => stepped(here, teacher(here, step.level), step), x);
}

export interface ConsistencyEnd {
  /** The level at which `path` ends. */
  readonly level: LevelValues;
  /** 1 where that is the clean picture, else 0; [N]. */
  readonly clean: Value;
}

/**
 * Consistency: what the target network, an average of the student, makes of the picture at which the teacher lands.
 * A clean picture is its own answer: the boundary condition, which the velocity head meets by itself.
 */
export function consistencyTarget(
  networks: { readonly teacher: Predict; readonly average: Predict },
  x: Value,
  path: readonly PathValues[],
  { level, clean }: ConsistencyEnd,
): Value {
  const arrival = teacherArrival(networks.teacher, x, path);
  const answer = networks.average(arrival, level);
  return add(mul(arrival, perPicture(clean)), mul(answer, perPicture(sub(1, clean))));
}

/**
 * Reference: the teacher's prediction of the data brought to a lower level with the *same* noise. No step of any
 * solver: it teaches a mean over all pictures where `x` tells nothing.
 */
export function referenceTarget(
  teacher: Predict,
  { pictures, noise }: { readonly pictures: Value; readonly noise: Value },
  level: LevelValues,
): Value {
  const { alpha, sigma } = level;
  const noisy = add(mul(pictures, perPicture(alpha)), mul(noise, perPicture(sigma)));
  return teacher(noisy, level);
}
