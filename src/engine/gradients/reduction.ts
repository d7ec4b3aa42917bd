// Gradients of reductions.

import { reducedShape } from "../ops/reduction.js";
import type { Value } from "../graph.js";
import { cast, div, equal, expand, mul, reshape, sum } from "../functions.js";
import type { GradientTable } from "./rule.js";

// The reduced axes as extents of 1, so that the value broadcasts against the input.
function kept(value: Value, y: Value<"ReduceSum" | "ReduceMax">): Value {
  return reshape(value, reducedShape(y.inputs[0]!.shape, y.attributes.axes, true));
}

export const reductionGradients: GradientTable<"ReduceSum" | "ReduceMax"> = {
  ReduceSum: (y, dy) => [expand(kept(dy, y), y.inputs[0]!.shape)],
  // Equal maxima share the gradient, as PyTorch's amax does.
  ReduceMax: (y, dy) => {
    const x = y.inputs[0]!;
    const hit = cast(equal(x, kept(y, y)), "float32");
    const count = sum(hit, { axes: y.attributes.axes, keepDims: true });
    return [mul(hit, div(kept(dy, y), count))];
  },
};
