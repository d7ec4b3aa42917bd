// Gradients of convolution. It is linear in both operands, so the three operators close on each other.

import type { Value } from "../graph.js";
import type { ConvolutionGeometry } from "../operators.js";
import type { GradientTable } from "./rule.js";

function geometryOf({ stride, padding, groups }: ConvolutionGeometry): ConvolutionGeometry {
  return { stride, padding, groups };
}

function inputGradient(dy: Value, weight: Value, x: Value, geometry: ConvolutionGeometry): Value {
  return dy.graph.apply("Conv2dInputGradient", [dy, weight], { ...geometry, inputShape: x.shape });
}

function weightGradient(x: Value, dy: Value, weight: Value, geometry: ConvolutionGeometry): Value {
  return dy.graph.apply("Conv2dWeightGradient", [x, dy], {
    ...geometry,
    weightShape: weight.shape,
  });
}

export const convolutionGradients: GradientTable<
  "Conv2d" | "Conv2dInputGradient" | "Conv2dWeightGradient"
> = {
  Conv2d: (y, dy) => {
    const [x, weight] = y.inputs as [Value, Value];
    const geometry = geometryOf(y.attributes);
    return [inputGradient(dy, weight, x, geometry), weightGradient(x, dy, weight, geometry)];
  },
  // y = Cᵀ(g, W): linear in g with adjoint C(·, W), and in W with the role of the picture taken by dy.
  Conv2dInputGradient: (y, dy) => {
    const [g, weight] = y.inputs as [Value, Value];
    const geometry = geometryOf(y.attributes);
    return [
      dy.graph.apply("Conv2d", [dy, weight], geometry),
      weightGradient(dy, g, weight, geometry),
    ];
  },
  // y = W̄(x, g): linear in x with adjoint Cᵀ(g, ·), and in g with adjoint C(x, ·), both at weight dy.
  Conv2dWeightGradient: (y, dy) => {
    const [x, g] = y.inputs as [Value, Value];
    const geometry = geometryOf(y.attributes);
    return [inputGradient(g, dy, x, geometry), dy.graph.apply("Conv2d", [x, dy], geometry)];
  },
};
