// Reductions, as the ONNX operator text defines them.

import { sizeOf } from "../../src/core/shape.js";
import type { Shape } from "../../src/core/shape.js";
import { indicesOf, offsetOf } from "./tensor.js";
import type { Reference } from "./tensor.js";
import type { ReferenceTable } from "./index.js";

interface Attributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** Combines the elements along the axes, starting from `initial`. */
function reduce(
  x: Reference,
  { axes, keepDims }: Attributes,
  initial: number,
  combine: (total: number, element: number) => number,
): Reference {
  const kept: Shape = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const data = new Float64Array(sizeOf(kept)).fill(initial);
  let n = 0;
  for (const index of indicesOf(x.shape)) {
    const to = offsetOf(
      kept,
      index.map((i, axis) => (axes.includes(axis) ? 0 : i)),
    );
    data[to] = combine(data[to]!, x.data[n++]!);
  }
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
  return { dtype: x.dtype, shape, data };
}

export const reductionReference: ReferenceTable<"ReduceSum" | "ReduceMax"> = {
  ReduceSum: ({ attributes }, [x]) =>
    reduce(x!, attributes, 0, (total, element) => total + element),
  ReduceMax: ({ attributes }, [x]) => reduce(x!, attributes, -Infinity, Math.max),
};
