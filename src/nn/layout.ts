// Weights on the host, between the checkpoint's layout and the graph's.

import { sizeOf, stridesOf } from "../core/shape.js";
import type { Shape } from "../core/shape.js";
import { graphPermutation, graphShape } from "./weights.js";
import type { WeightSpec } from "./weights.js";

type Layout = Pick<WeightSpec, "role" | "shape">;

/** Copies `source` of shape `shape` into `target` with its axes permuted. */
function permute(
  source: Float32Array,
  shape: Shape,
  permutation: readonly number[],
  target: Float32Array,
): void {
  const strides = stridesOf(shape);
  const extents = permutation.map((axis) => shape[axis]!);
  const steps = permutation.map((axis) => strides[axis]!);
  const last = extents.length - 1;
  const index = new Array<number>(extents.length).fill(0);
  let from = 0;
  for (let to = 0; to < target.length;) {
    for (let i = 0; i < extents[last]!; i++) target[to++] = source[from + i * steps[last]!]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      index[axis]!++;
      if (index[axis]! < extents[axis]!) break;
      from -= steps[axis]! * extents[axis]!;
      index[axis] = 0;
    }
  }
}

/** Writes a weight's values, given in the checkpoint's layout, to `target` in the graph's layout. */
export function toGraphLayout(spec: Layout, values: Float32Array, target: Float32Array): void {
  const permutation = graphPermutation(spec.role);
  if (permutation) permute(values, spec.shape, permutation, target);
  else target.set(values);
}

/** A weight's values, given in the graph's layout, in the checkpoint's layout. */
export function toCheckpointLayout(spec: Layout, values: Float32Array): Float32Array {
  const target = new Float32Array(sizeOf(spec.shape));
  const permutation = graphPermutation(spec.role);
  if (!permutation) {
    target.set(values);
    return target;
  }
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  permute(values, graphShape(spec), inverse, target);
  return target;
}
