// A distance that sees what a picture shows: that of features, as LPIPS has it (Zhang et al. 2018, arXiv 1801.03924, without
// its learned weights). A squared error alone is content with a blur where a student cannot hit its target.

import { add, div, mean, mul, sqrt, sub, sum } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { squaredDistance } from "./loss.js";
import type { Distance } from "./loss.js";

/** What a network makes of pictures [N, H, W, C]: maps [N, h, w, channels], any number. */
export type Features = (pictures: Value) => readonly Value[];

const SMALLEST = 1e-8; // keeps a place without features from being divided by nothing

/** Maps with channels of unit length at every place. */
function unitLength(x: Value): Value {
  return div(x, sqrt(add(sum(mul(x, x), { axes: [-1], keepDims: true }), SMALLEST)));
}

/** Σ over maps of the mean over places of ‖f̂ - f̂'‖², features of unit length: [N], 0 to 4 a map. */
export function featureDistance(features: Features): Distance {
  return (prediction, target) => {
    const [a, b] = [features(prediction), features(target)];
    const distances = a.map((map, i) => {
      const difference = sub(unitLength(map), unitLength(b[i]!));
      return mean(sum(mul(difference, difference), { axes: [-1] }), { axes: [1, 2] });
    });
    return distances.reduce((total, each) => add(total, each));
  };
}

/** The squared error and `weight` times the distance of features. */
export function perceptualDistance(features: Features, weight: number): Distance {
  const seen = featureDistance(features);
  return (prediction, target) =>
    add(squaredDistance(prediction, target), mul(seen(prediction, target), weight));
}
