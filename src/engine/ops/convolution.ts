// Types of 2-D convolution in NHWC and of its two gradients.

import { formatShape, sameShape } from "../../core/shape.js";
import type { Shape } from "../../core/shape.js";
import type { ValueType } from "../graph.js";
import type { ConvolutionGeometry } from "../operators.js";
import { expectArity } from "./rule.js";
import type { InferenceTable } from "./rule.js";

/** Output shape [N, H', W', O] of a convolution of `x` [N, H, W, I] with `weight` [kh, kw, I / groups, O]. */
export function convolvedShape(x: Shape, weight: Shape, geometry: ConvolutionGeometry): number[] {
  const [n, h, w, i] = x as [number, number, number, number];
  const [kh, kw, perGroup, o] = weight as [number, number, number, number];
  const { stride, padding, groups } = geometry;
  if (x.length !== 4 || weight.length !== 4 || i !== perGroup * groups || o % groups !== 0) {
    throw new Error(
      `Conv2d: weight ${formatShape(weight)} in ${groups} groups does not fit input ${formatShape(x)}`,
    );
  }
  return [
    n,
    Math.floor((h + padding[0] + padding[2] - kh) / stride[0]) + 1,
    Math.floor((w + padding[1] + padding[3] - kw) / stride[1]) + 1,
    o,
  ];
}

export const convolutionTypes: InferenceTable<
  "Conv2d" | "Conv2dInputGradient" | "Conv2dWeightGradient"
> = {
  Conv2d: (inputs, attributes) => {
    expectArity("Conv2d", inputs, 2);
    const [x, weight] = inputs as [ValueType, ValueType];
    return { dtype: x.dtype, shape: convolvedShape(x.shape, weight.shape, attributes) };
  },
  Conv2dInputGradient: (inputs, attributes) => {
    expectArity("Conv2dInputGradient", inputs, 2);
    const [dy, weight] = inputs as [ValueType, ValueType];
    const expected = convolvedShape(attributes.inputShape, weight.shape, attributes);
    if (!sameShape(dy.shape, expected)) {
      throw new Error(
        `Conv2dInputGradient: expected ${formatShape(expected)}, got ${formatShape(dy.shape)}`,
      );
    }
    return { dtype: dy.dtype, shape: attributes.inputShape };
  },
  Conv2dWeightGradient: (inputs, attributes) => {
    expectArity("Conv2dWeightGradient", inputs, 2);
    const [x, dy] = inputs as [ValueType, ValueType];
    const expected = convolvedShape(x.shape, attributes.weightShape, attributes);
    if (!sameShape(dy.shape, expected)) {
      throw new Error(
        `Conv2dWeightGradient: expected ${formatShape(expected)}, got ${formatShape(dy.shape)}`,
      );
    }
    return { dtype: x.dtype, shape: attributes.weightShape };
  },
};
