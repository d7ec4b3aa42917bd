// Weights of a model that are numbers.

import { FollowspotError } from "../core/errors.js";
import type { HostTensor } from "../core/tensor.js";
import { allFinite } from "./trainer-finite.js";

/** Throws FollowspotError, naming file and weight, where a value is NaN or infinite: such a network draws black pictures. */
export function expectFiniteWeights(
  path: string,
  weights: ReadonlyMap<string, HostTensor<"float32">>,
): void {
  for (const [name, { data }] of weights) {
    if (allFinite(data)) continue;
    const value = data.find((each) => !Number.isFinite(each));
    throw new FollowspotError(`model: ${path}: expected finite weights, got ${value} in ${name}.`, {
      remedy: "Its training went wrong or the file is damaged: train it again, or get it anew.",
    });
  }
}
