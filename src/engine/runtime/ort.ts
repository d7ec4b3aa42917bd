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

/** Memory of the provider's answers that nobody reads: copies of results that were written in place. */
function unread(
  made: Readonly<Record<string, Tensor>>,
  results: Readonly<Record<string, HostTensor>>,
): ArrayBufferLike[] {
  return Object.entries(results).flatMap(([name, { data }]) => {
    const { buffer } = made[name]!.data as ArrayBufferView;
    return buffer === data.buffer ? [] : [buffer];
  });
}

/**
 * Converts tensors to the provider's and back; results are written where the provider takes them. `free` is given
 * memory that is no longer read, where there is a way to free it.
 */
export function ortSession(
  create: TensorConstructor,
  session: InferenceSession,
  outputs: readonly string[],
  free: (buffers: readonly ArrayBufferLike[]) => void = () => undefined,
): RawSession {
  return {
    async run(feeds, results) {
      const given = Object.entries(feeds).map(([name, feed]) => [name, fromHost(create, feed)]);
      const fetches = Object.fromEntries(
        outputs.map((name) => [name, results[name] ? fromHost(create, results[name]) : null]),
      );
      const made = await session.run(Object.fromEntries(given) as Record<string, Tensor>, fetches);
      const answer = outputs.map((name) => [name, results[name] ?? toHost(made[name]!)] as const);
      free(unread(made, results));
      return Object.fromEntries(answer);
    },
    release: () => session.release(),
  };
}
