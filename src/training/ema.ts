// The exponential moving average of the parameters, the weights that are sampled and shipped.

import { add, mul, sub } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";

/** average + (1 - decay) (parameters - average). */
export function emaStep(average: Value, parameters: Value, decay: Value): Value {
  return add(average, mul(sub(parameters, average), sub(1, decay)));
}

/** The decay at step `k`, counted from 1: short at first, so that the start is soon forgotten. */
export function emaDecay(decay: number, k: number): number {
  return Math.min(decay, (1 + k) / (10 + k));
}
