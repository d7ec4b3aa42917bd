// Losses as graph values.

import { add, exp, log, max, mean, mul, neg, reshape, sub, sum } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";

/** The mean of squared differences. */
export function meanSquaredError(prediction: Value, target: Value): Value {
  const difference = sub(prediction, target);
  return mean(mul(difference, difference));
}

/** -Σ target · log softmax over rows, averaged over rows; both [rows, classes]. */
export function crossEntropy(logits: Value, target: Value): Value {
  const shifted = sub(logits, max(logits, { axes: [-1], keepDims: true }));
  const normaliser = log(sum(exp(shifted), { axes: [-1], keepDims: true }));
  return mean(neg(sum(mul(target, sub(shifted, normaliser)), { axes: [-1] })));
}

/** One number a picture [N], so shaped that it multiplies pictures [N, H, W, C]. */
export function perPicture(x: Value): Value {
  return reshape(x, [x.shape[0]!, 1, 1, 1]);
}

/** x_t = α x0 + σ ε and v = α ε - σ x0 (Salimans and Ho 2022, section 4). */
export function diffuse(
  x0: Value,
  noise: Value,
  alpha: Value,
  sigma: Value,
): { readonly noisy: Value; readonly velocity: Value } {
  const a = perPicture(alpha);
  const s = perPicture(sigma);
  return {
    noisy: add(mul(x0, a), mul(noise, s)),
    velocity: sub(mul(noise, a), mul(x0, s)),
  };
}
