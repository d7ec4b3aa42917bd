// A network as a part of a graph: what guidance and distillation know of teachers and students.

import { clip } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";

/** The noise levels of a batch as values of a graph, float32 [N] each: `x = alpha x0 + sigma eps`. */
export interface LevelValues {
  readonly alpha: Value;
  readonly sigma: Value;
  /** What the network's time embedding is fed. */
  readonly timestep: Value;
}

/** The clean pictures expected behind noisy ones, [N, H, W, C] -> [N, H, W, C]. */
export type Predict = (x: Value, level: LevelValues) => Value;

/** A prediction, and the maps of one self-attention site on the way to it. */
export interface Attended {
  readonly x0: Value;
  /** [N, heads, cells, cells]: each query's row sums to 1. */
  readonly maps: Value;
}

/** A network whose attention can be looked at. */
export interface AttentiveNetwork {
  readonly predict: Predict;
  readonly attend: (x: Value, level: LevelValues) => Attended;
}

/** Values cut to [-range, range]; as they are when `range` is undefined. */
export function clamped(x: Value, range: number | undefined): Value {
  return range === undefined ? x : clip(x, -range, range);
}

/** A network whose predictions are cut to [-range, range]. */
export function clampedPredict(predict: Predict, range: number | undefined): Predict {
  return range === undefined ? predict : (x, level) => clamped(predict(x, level), range);
}
