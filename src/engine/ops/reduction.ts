// Types of reductions.

import type { Shape } from "../../core/shape.js";
import type { ValueType } from "../graph.js";
import { expectArity } from "./rule.js";
import type { InferenceTable } from "./rule.js";

/** A shape with `axes` reduced to 1 or dropped. Throws on an axis outside the rank. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  for (const axis of axes) {
    if (!(axis >= 0 && axis < shape.length)) {
      throw new Error(`reduction: expected axes below ${shape.length}, got ${axis}`);
    }
  }
  return keepDims
    ? shape.map((extent, i) => (axes.includes(i) ? 1 : extent))
    : shape.filter((_, i) => !axes.includes(i));
}

function reduction(
  inputs: readonly ValueType[],
  attributes: { axes: readonly number[]; keepDims: boolean },
): ValueType {
  expectArity("reduction", inputs, 1);
  const { dtype, shape } = inputs[0]!;
  return { dtype, shape: reducedShape(shape, attributes.axes, attributes.keepDims) };
}

export const reductionTypes: InferenceTable<"ReduceSum" | "ReduceMax"> = {
  ReduceSum: reduction,
  ReduceMax: reduction,
};
