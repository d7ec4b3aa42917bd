// Convolution in NHWC and its two adjoints: one walk over the products, three ways to add them up.

import { sizeOf } from "../../src/core/shape.js";
import type { Shape } from "../../src/core/shape.js";
import type { ConvolutionGeometry } from "../../src/engine/operators.js";
import { indicesOf, offsetOf } from "./tensor.js";
import type { Reference } from "./tensor.js";
import type { ReferenceTable } from "./index.js";

/**
 * Visits each product of a convolution of x [N, H, W, I] with weight [kh, kw, I / groups, O] to
 * y [N, H', W', O] by the positions of its three elements. Padding has no products.
 */
function eachProduct(
  x: Shape,
  weight: Shape,
  y: Shape,
  { stride, padding, groups }: ConvolutionGeometry,
  visit: (x: number, weight: number, y: number) => void,
): void {
  const [, h, w] = x as [number, number, number];
  const [kh, kw, perGroup, outputs] = weight as [number, number, number, number];
  let atY = 0;
  for (const index of indicesOf(y)) {
    const [picture, row, column, output] = index as [number, number, number, number];
    const firstChannel = Math.floor(output / (outputs / groups)) * perGroup;
    for (const [tapRow, tapColumn] of indicesOf([kh, kw]) as Iterable<[number, number]>) {
      const sourceRow = row * stride[0] + tapRow - padding[0];
      const sourceColumn = column * stride[1] + tapColumn - padding[1];
      if (sourceRow < 0 || sourceRow >= h || sourceColumn < 0 || sourceColumn >= w) continue;
      const atX = offsetOf(x, [picture, sourceRow, sourceColumn, firstChannel]);
      const atWeight = offsetOf(weight, [tapRow, tapColumn, 0, output]);
      for (let i = 0; i < perGroup; i++) visit(atX + i, atWeight + i * outputs, atY);
    }
    atY += 1;
  }
}

/** y = Σ x · weight */
function convolve(
  x: Reference,
  weight: Reference,
  y: Shape,
  geometry: ConvolutionGeometry,
): Reference {
  const data = new Float64Array(sizeOf(y));
  eachProduct(x.shape, weight.shape, y, geometry, (atX, atWeight, atY) => {
    data[atY]! += x.data[atX]! * weight.data[atWeight]!;
  });
  return { dtype: x.dtype, shape: y, data };
}

/** dx = Σ dy · weight */
function toInput(
  dy: Reference,
  weight: Reference,
  x: Shape,
  geometry: ConvolutionGeometry,
): Reference {
  const data = new Float64Array(sizeOf(x));
  eachProduct(x, weight.shape, dy.shape, geometry, (atX, atWeight, atY) => {
    data[atX]! += dy.data[atY]! * weight.data[atWeight]!;
  });
  return { dtype: dy.dtype, shape: x, data };
}

/** dweight = Σ x · dy */
function toWeight(
  x: Reference,
  dy: Reference,
  weight: Shape,
  geometry: ConvolutionGeometry,
): Reference {
  const data = new Float64Array(sizeOf(weight));
  eachProduct(x.shape, weight, dy.shape, geometry, (atX, atWeight, atY) => {
    data[atWeight]! += x.data[atX]! * dy.data[atY]!;
  });
  return { dtype: x.dtype, shape: weight, data };
}

export const convolutionReference: ReferenceTable<
  "Conv2d" | "Conv2dInputGradient" | "Conv2dWeightGradient"
> = {
  Conv2d: ({ attributes, shape }, [x, weight]) => convolve(x!, weight!, shape, attributes),
  Conv2dInputGradient: ({ attributes }, [dy, weight]) =>
    toInput(dy!, weight!, attributes.inputShape, attributes),
  Conv2dWeightGradient: ({ attributes }, [x, dy]) =>
    toWeight(x!, dy!, attributes.weightShape, attributes),
};
