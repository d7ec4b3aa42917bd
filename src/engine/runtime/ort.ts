// Sessions of any ONNX Runtime for JavaScript: the part that Node and the browser share.

import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { DType } from "../../core/dtype.js";
import { tensor } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import type { RawSession } from "./checked-session.js";

type TensorConstructor = new (
  type: Tensor.Type,
  data: Tensor.DataType,
  dims: readonly number[],
) => Tensor;

function fromHost(create: TensorConstructor, { dtype, data, shape }: HostTensor): Tensor {
  return new create(dtype, data as Tensor.DataType, shape);
}

// Where JavaScript has a Float16Array, the provider answers with it; host tensors hold its bits.
function toHost({ type, dims, data }: Tensor): HostTensor {
  const array = data as HostTensor["data"];
  const bits =
    type === "float16" && !(array instanceof Uint16Array)
      ? new Uint16Array(
          (array as ArrayBufferView).buffer,
          (array as ArrayBufferView).byteOffset,
          array.length,
        )
      : array;
  return tensor(type as DType, dims, bits);
}

/** Converts tensors to the provider's and back; results are written where the provider takes them. */
export function ortSession(
  create: TensorConstructor,
  session: InferenceSession,
  outputs: readonly string[],
): RawSession {
  return {
    async run(feeds, results) {
      const given = Object.entries(feeds).map(([name, feed]) => [name, fromHost(create, feed)]);
      const fetches = Object.fromEntries(
        outputs.map((name) => [name, results[name] ? fromHost(create, results[name]) : null]),
      );
      const made = await session.run(Object.fromEntries(given) as Record<string, Tensor>, fetches);
      return Object.fromEntries(
        outputs.map((name) => [name, results[name] ?? toHost(made[name]!)]),
      );
    },
    release: () => session.release(),
  };
}
