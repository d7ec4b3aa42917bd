// A tensor in host memory: a dtype, a shape and a typed array in row-major order.

import type { DataOf, DType } from "./dtype.js";
import { formatShape, sizeOf } from "./shape.js";
import type { Shape } from "./shape.js";

/** Elements in row-major order, as many as the shape says; float16 as its bits, bool as 0 and 1. */
export interface HostTensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: DataOf[D];
}

const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** A tensor over `data`. Throws when the element count is not that of `shape`. */
export function tensor<D extends DType>(dtype: D, shape: Shape, data: DataOf[D]): HostTensor<D> {
  if (data.length !== sizeOf(shape)) {
    throw new Error(
      `tensor: expected ${sizeOf(shape)} elements for ${formatShape(shape)}, got ${data.length}`,
    );
  }
  return { dtype, shape, data };
}

/** A tensor of zeros. */
export function zeros<D extends DType>(dtype: D, shape: Shape): HostTensor<D> {
  return tensor(dtype, shape, new ARRAYS[dtype](sizeOf(shape)) as DataOf[D]);
}

/** A float32 tensor from numbers. */
export function floats(shape: Shape, values: ArrayLike<number>): HostTensor<"float32"> {
  return tensor(
    "float32",
    shape,
    values instanceof Float32Array ? values : Float32Array.from(values),
  );
}

/** An int64 tensor from numbers. */
export function integers(shape: Shape, values: readonly number[]): HostTensor<"int64"> {
  return tensor("int64", shape, BigInt64Array.from(values, BigInt));
}
