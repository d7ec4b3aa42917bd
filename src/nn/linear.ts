// Affine maps of the last axis, and lookup tables.

import { add, gather, matmul, reshape } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { fanIn, normal, ZEROS } from "./init.js";
import type { Initialisation, Weights } from "./weights.js";

export interface LinearOptions {
  /** True when absent. */
  readonly bias?: boolean;
  /** PyTorch's uniform rule when absent; the bias starts at 0 when the weight does or is normal. */
  readonly init?: Initialisation;
}

/** x Wᵀ + b over the last axis: [..., in] -> [..., outFeatures]. */
export function linear(
  w: Weights,
  name: string,
  x: Value,
  outFeatures: number,
  { bias = true, init }: LinearOptions = {},
): Value {
  const features = x.shape.at(-1)!;
  const weight = w.get({
    name: `${name}.weight`,
    role: "linear",
    shape: [outFeatures, features],
    init: init ?? fanIn(features),
  });
  // Two axes: the gradient to the weight is then one product instead of one per picture.
  const product = matmul(reshape(x, [-1, features]), weight);
  const y = bias
    ? add(product, biasOf(w, name, outFeatures, init ? ZEROS : fanIn(features)))
    : product;
  return reshape(y, [...x.shape.slice(0, -1), outFeatures]);
}

/** The bias of a layer, [features]. */
export function biasOf(w: Weights, name: string, features: number, init: Initialisation): Value {
  return w.get({ name: `${name}.bias`, role: "vector", shape: [features], init });
}

/** Rows of a table: int64 ids [...] -> [..., width]. */
export function embedding(
  w: Weights,
  name: string,
  ids: Value,
  { rows, width, deviation = 0.02 }: { rows: number; width: number; deviation?: number },
): Value {
  return gather(tableOf(w, name, { rows, width, deviation }), ids);
}

/** The whole table of an embedding, [rows, width]. */
export function tableOf(
  w: Weights,
  name: string,
  { rows, width, deviation = 0.02 }: { rows: number; width: number; deviation?: number },
): Value {
  return w.get({
    name: `${name}.weight`,
    role: "table",
    shape: [rows, width],
    init: normal(deviation),
  });
}
