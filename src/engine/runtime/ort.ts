// Graphs on any ONNX Runtime for JavaScript: the part that Node and the browser share.

import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { DType } from "../../core/dtype.js";
import { formatShape, sameShape } from "../../core/shape.js";
import { tensor } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import type { OnnxModel } from "../onnx/writer.js";
import type { Session, Tensors } from "./session.js";

type TensorConstructor = new (
  type: Tensor.Type,
  data: Tensor.DataType,
  dims: readonly number[],
) => Tensor;

function checkFeeds(model: OnnxModel, feeds: Tensors): void {
  for (const [name, { dtype, shape }] of model.inputs) {
    const feed = feeds[name];
    if (!feed)
      throw new Error(
        `run: input ${name} is missing; expected ${[...model.inputs.keys()].join(", ")}`,
      );
    if (feed.dtype !== dtype || !sameShape(feed.shape, shape)) {
      throw new Error(
        `run: input ${name}: expected ${dtype} ${formatShape(shape)}, ` +
          `got ${feed.dtype} ${formatShape(feed.shape)}`,
      );
    }
  }
  for (const name of Object.keys(feeds)) {
    if (!model.inputs.has(name))
      throw new Error(
        `run: unknown input ${name}; expected ${[...model.inputs.keys()].join(", ")}`,
      );
  }
}

function fromHost(create: TensorConstructor, { dtype, data, shape }: HostTensor): Tensor {
  return new create(dtype, data as Tensor.DataType, shape);
}

function toHost(value: Tensor): HostTensor {
  return tensor(value.type as DType, value.dims, value.data as Float32Array<ArrayBuffer>);
}

/** Wraps a provider's session: checks feeds, converts tensors, writes results in place where given. */
export function ortSession(
  create: TensorConstructor,
  session: InferenceSession,
  model: OnnxModel,
): Session {
  return {
    async run(feeds, results = {}) {
      checkFeeds(model, feeds);
      const given = Object.entries(feeds).map(([name, feed]) => [name, fromHost(create, feed)]);
      const fetches = Object.fromEntries(
        model.outputs.map((name) => [name, results[name] ? fromHost(create, results[name]) : null]),
      );
      const made = await session.run(Object.fromEntries(given) as Record<string, Tensor>, fetches);
      return Object.fromEntries(
        model.outputs.map((name) => [name, results[name] ?? toHost(made[name]!)]),
      );
    },
    release: () => session.release(),
  };
}
