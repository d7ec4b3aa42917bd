// Gradients of the operators that move elements: each is the adjoint move.

import type { Value } from "../graph.js";
import { gather, pad, reshape, scatterAdd, slice, transpose } from "../functions.js";
import { sumTo } from "./elementwise.js";
import type { GradientTable } from "./rule.js";

type ShapeOp =
  "Reshape" | "Transpose" | "Concat" | "Slice" | "Pad" | "Expand" | "Gather" | "ScatterAdd";

export const shapeGradients: GradientTable<ShapeOp> = {
  Reshape: (y, dy) => [reshape(dy, y.inputs[0]!.shape)],
  Transpose: (y, dy) => {
    const inverse = y.attributes.perm.map((_, axis) => y.attributes.perm.indexOf(axis));
    return [transpose(dy, inverse)];
  },
  Concat: (y, dy) => {
    const { axis } = y.attributes;
    let start = 0;
    return y.inputs.map((x) => {
      const end = start + x.shape[axis]!;
      const part = slice(dy, axis, start, end);
      start = end;
      return part;
    });
  },
  Slice: (y, dy) => {
    const { axis, start, end } = y.attributes;
    const { shape } = y.inputs[0]!;
    const zeros = shape.map(() => 0);
    return [pad(dy, zeros.with(axis, start), zeros.with(axis, shape[axis]! - end))];
  },
  Pad: (y, dy) => [
    y.inputs[0]!.shape.reduce<Value>(
      (part, extent, i) =>
        slice(part, i, y.attributes.before[i]!, y.attributes.before[i]! + extent),
      dy,
    ),
  ],
  Expand: (y, dy) => [sumTo(dy, y.inputs[0]!.shape)],
  Gather: (y, dy) => {
    const [x, indices] = y.inputs as [Value, Value];
    const { axis } = y.attributes;
    return [scatterAdd(dy, indices, axis, x.shape[axis]!), null];
  },
  ScatterAdd: (y, dy) => [gather(dy, y.inputs[1]!, y.attributes.axis), null],
};
