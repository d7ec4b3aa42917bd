// Types of the operators that move elements without computing.

import { broadcastShapes, formatShape, sameShape, sizeOf } from "../../core/shape.js";
import type { ValueType } from "../graph.js";
import { expectArity } from "./rule.js";
import type { InferenceTable } from "./rule.js";

type ShapeOp =
  "Reshape" | "Transpose" | "Concat" | "Slice" | "Pad" | "Expand" | "Gather" | "ScatterAdd";

function only(op: string, inputs: readonly ValueType[]): ValueType {
  expectArity(op, inputs, 1);
  return inputs[0]!;
}

export const shapeTypes: InferenceTable<ShapeOp> = {
  Reshape: (inputs, { shape }) => {
    const x = only("Reshape", inputs);
    if (sizeOf(x.shape) !== sizeOf(shape)) {
      throw new Error(
        `Reshape: ${formatShape(x.shape)} has other elements than ${formatShape(shape)}`,
      );
    }
    return { dtype: x.dtype, shape };
  },
  Transpose: (inputs, { perm }) => {
    const x = only("Transpose", inputs);
    if (
      !sameShape(
        [...perm].sort((a, b) => a - b),
        x.shape.map((_, i) => i),
      )
    ) {
      throw new Error(`Transpose: ${perm.join()} is no permutation of ${x.shape.length} axes`);
    }
    return { dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]!) };
  },
  Concat: (inputs, { axis }) => {
    const first = inputs[0];
    if (!first) throw new Error("Concat: expected at least one input, got none");
    for (const x of inputs) {
      if (
        x.dtype !== first.dtype ||
        !sameShape(x.shape.toSpliced(axis, 1), first.shape.toSpliced(axis, 1))
      ) {
        throw new Error(
          `Concat: ${formatShape(x.shape)} does not fit ${formatShape(first.shape)} along ${axis}`,
        );
      }
    }
    const extent = inputs.reduce((sum, x) => sum + x.shape[axis]!, 0);
    return { dtype: first.dtype, shape: first.shape.with(axis, extent) };
  },
  Slice: (inputs, { axis, start, end }) => {
    const x = only("Slice", inputs);
    const extent = x.shape[axis];
    if (extent === undefined || !(start >= 0 && start <= end && end <= extent)) {
      throw new Error(
        `Slice: ${start} to ${end} of axis ${axis} is outside ${formatShape(x.shape)}`,
      );
    }
    return { dtype: x.dtype, shape: x.shape.with(axis, end - start) };
  },
  Pad: (inputs, { before, after }) => {
    const x = only("Pad", inputs);
    if (before.length !== x.shape.length || after.length !== x.shape.length) {
      throw new Error(
        `Pad: expected ${x.shape.length} amounts, got ${before.length} and ${after.length}`,
      );
    }
    return { dtype: x.dtype, shape: x.shape.map((extent, i) => extent + before[i]! + after[i]!) };
  },
  Expand: (inputs, { shape }) => {
    const x = only("Expand", inputs);
    if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
      throw new Error(
        `Expand: ${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}`,
      );
    }
    return { dtype: x.dtype, shape };
  },
  Gather: (inputs, { axis }) => {
    expectArity("Gather", inputs, 2);
    const [x, indices] = inputs as [ValueType, ValueType];
    if (indices.dtype !== "int64")
      throw new Error(`Gather: expected int64 indices, got ${indices.dtype}`);
    return {
      dtype: x.dtype,
      shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
    };
  },
  ScatterAdd: (inputs, { axis, size }) => {
    expectArity("ScatterAdd", inputs, 2);
    const [updates, indices] = inputs as [ValueType, ValueType];
    const rank = indices.shape.length;
    if (!sameShape(updates.shape.slice(axis, axis + rank), indices.shape)) {
      throw new Error(
        `ScatterAdd: ${formatShape(updates.shape)} does not hold ${formatShape(indices.shape)}`,
      );
    }
    return {
      dtype: updates.dtype,
      shape: [...updates.shape.slice(0, axis), size, ...updates.shape.slice(axis + rank)],
    };
  },
};
