// Tensors of the reference interpreter: every element type held as float64, read by index lists.

import type { DType } from "../../src/core/dtype.js";
import { float16ToFloat32 } from "../../src/core/float16.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { sizeOf } from "../../src/core/shape.js";
import type { Shape } from "../../src/core/shape.js";

export interface Reference {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** All index lists of a shape, in row-major order. */
export function* indicesOf(shape: Shape): Generator<number[]> {
  const index = shape.map(() => 0);
  const count = sizeOf(shape);
  for (let n = 0; n < count; n++) {
    yield [...index];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** A tensor whose element at each index list is what `at` gives. */
export function build(dtype: DType, shape: Shape, at: (index: number[]) => number): Reference {
  const data = new Float64Array(sizeOf(shape));
  let n = 0;
  for (const index of indicesOf(shape)) data[n++] = at(index);
  return { dtype, shape, data };
}

/** Row-major position of an index list. */
export function offsetOf(shape: Shape, index: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) offset = offset * shape[axis]! + index[axis]!;
  return offset;
}

export function elementAt(x: Reference, index: readonly number[]): number {
  return x.data[offsetOf(x.shape, index)]!;
}

/** The element that broadcasting puts at `index`: axes align at the end, extents of 1 repeat. */
export function broadcastAt({ shape, data }: Reference, index: readonly number[]): number {
  const lead = index.length - shape.length;
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    offset = offset * shape[axis]! + (shape[axis] === 1 ? 0 : index[axis + lead]!);
  }
  return data[offset]!;
}

/** The same numbers as float64. */
export function fromHost({ dtype, shape, data }: HostTensor): Reference {
  const numbers = dtype === "float16" ? float16ToFloat32(data as Uint16Array) : data;
  return { dtype, shape, data: Float64Array.from(numbers as ArrayLike<number | bigint>, Number) };
}
