// Element types as safetensors files name them, and the way from their bytes to host tensors.

import { FollowspotError } from "../core/errors.js";
import { bfloat16ToFloat32, float16ToFloat32 } from "../core/float16.js";
import type { DType } from "../core/dtype.js";
import { tensor } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import type { Shape } from "../core/shape.js";

/** Bytes of one element, for each type of the format that fills whole bytes. */
export const STORED_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type StoredDType = keyof typeof STORED_BYTES;

/** How each host type is stored, in the order in which a file holds them: the widest first. */
export const STORED_AS: Record<DType, StoredDType> = {
  int64: "I64",
  float32: "F32",
  int32: "I32",
  float16: "F16",
  uint8: "U8",
  bool: "BOOL",
};

export function isStoredDType(name: unknown): name is StoredDType {
  return typeof name === "string" && Object.hasOwn(STORED_BYTES, name);
}

type Decoder = (shape: Shape, bytes: ArrayBuffer) => HostTensor;

const DECODERS: Partial<Record<StoredDType, Decoder>> = {
  F32: (shape, bytes) => tensor("float32", shape, new Float32Array(bytes)),
  F16: (shape, bytes) => tensor("float16", shape, new Uint16Array(bytes)),
  BF16: (shape, bytes) => tensor("float32", shape, bfloat16ToFloat32(new Uint16Array(bytes))),
  I64: (shape, bytes) => tensor("int64", shape, new BigInt64Array(bytes)),
  I32: (shape, bytes) => tensor("int32", shape, new Int32Array(bytes)),
  U8: (shape, bytes) => tensor("uint8", shape, new Uint8Array(bytes)),
  BOOL: (shape, bytes) => tensor("bool", shape, new Uint8Array(bytes)),
};

/**
 * The bytes of a whole array buffer as a host tensor of the same type; bfloat16 becomes float32.
 *
 * Throws FollowspotError for a type that host tensors lack.
 */
export function decode(dtype: StoredDType, shape: Shape, bytes: ArrayBuffer): HostTensor {
  const decoder = DECODERS[dtype];
  if (decoder) return decoder(shape, bytes);
  const known = Object.keys(DECODERS).join(", ");
  throw new FollowspotError(`dtype: expected one of ${known}, got ${dtype}.`);
}

/** Any host tensor's values as float32. */
export function toFloat32({ dtype, shape, data }: HostTensor): HostTensor<"float32"> {
  if (data instanceof Float32Array) return { dtype: "float32", shape, data };
  if (dtype === "float16") return tensor("float32", shape, float16ToFloat32(data as Uint16Array));
  const values =
    data instanceof BigInt64Array ? Float32Array.from(data, Number) : Float32Array.from(data);
  return tensor("float32", shape, values);
}
