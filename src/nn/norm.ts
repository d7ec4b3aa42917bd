// Group and layer normalisation, composed so that large tensors are touched as few times as can be.

import { add, mean, mul, reciprocal, relu, reshape, sqrt, sub, sum } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { ONES, ZEROS } from "./init.js";
import type { Weights } from "./weights.js";

export interface GroupNormOptions {
  readonly groups: number;
  /** 1e-5 when absent. */
  readonly eps?: number;
}

/** γ and β of a normalisation, [features] each. */
function affine(w: Weights, name: string, features: number): [gamma: Value, beta: Value] {
  const shape = [features];
  return [
    w.get({ name: `${name}.weight`, role: "vector", shape, init: ONES }),
    w.get({ name: `${name}.bias`, role: "vector", shape, init: ZEROS }),
  ];
}

const inverseDeviation = (variance: Value, eps: number): Value =>
  reciprocal(sqrt(add(variance, eps)));

/**
 * Group normalisation (Wu & He 2018) of [N, ..., C] over all positions and the channels of a group.
 * Statistics come from column sums; then y = a x + b with one a and b per picture and channel.
 */
export function groupNorm(
  w: Weights,
  name: string,
  x: Value,
  { groups, eps = 1e-5 }: GroupNormOptions,
): Value {
  const n = x.shape[0]!;
  const channels = x.shape.at(-1)!;
  const perGroup = channels / groups;
  const columns = reshape(x, [n, -1, channels]);
  const count = columns.shape[1]! * perGroup;
  const groupMean = (values: Value): Value => {
    const sums = reshape(sum(values, { axes: [1] }), [n, groups, perGroup]);
    return mul(sum(sums, { axes: [2], keepDims: true }), 1 / count);
  };
  const mu = groupMean(columns);
  // E[x²] - μ² can fall below 0 by rounding alone.
  const variance = relu(sub(groupMean(mul(columns, columns)), mul(mu, mu)));
  const [gamma, beta] = affine(w, name, channels);
  const a = mul(inverseDeviation(variance, eps), reshape(gamma, [groups, perGroup]));
  const b = sub(reshape(beta, [groups, perGroup]), mul(mu, a));
  const y = add(mul(columns, reshape(a, [n, 1, channels])), reshape(b, [n, 1, channels]));
  return reshape(y, x.shape);
}

/** Layer normalisation (Ba et al. 2016) over the last axis; eps is 1e-5 when absent. */
export function layerNorm(w: Weights, name: string, x: Value, { eps = 1e-5 } = {}): Value {
  const features = x.shape.at(-1)!;
  const rows = reshape(x, [-1, features]);
  const centred = sub(rows, mean(rows, { axes: [1], keepDims: true }));
  const variance = mean(mul(centred, centred), { axes: [1], keepDims: true });
  const [gamma, beta] = affine(w, name, features);
  const y = add(mul(mul(centred, inverseDeviation(variance, eps)), gamma), beta);
  return reshape(y, x.shape);
}
