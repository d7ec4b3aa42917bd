// What the two sides of a worker say to each other: one request, then its reply.

import type { HostTensor } from "../../core/tensor.js";
import type { NodeModel, NodeProvider } from "./node.js";
import type { CompileOptions, Tensors } from "./session.js";

export type Request =
  | {
      readonly kind: "open";
      readonly session: number;
      readonly provider: NodeProvider;
      readonly model: NodeModel;
      readonly options: CompileOptions;
    }
  | { readonly kind: "run"; readonly session: number; readonly feeds: Tensors }
  | { readonly kind: "release"; readonly session: number };

/** Feeds go back with the results, so that their memory serves the next run. */
export interface RunReply {
  readonly outputs: Readonly<Record<string, HostTensor>>;
  readonly feeds: Tensors;
}

export type Reply =
  | { readonly ok: true; readonly value: RunReply | undefined }
  | { readonly ok: false; readonly error: unknown };

/** What the worker is started with. */
export interface WorkerData {
  /** One int32: 1 while a request is served, so that nobody ends the worker inside native code. */
  readonly busy: SharedArrayBuffer;
}

/** The buffers of tensors, each once. */
export function buffersOf(tensors: Tensors): ArrayBuffer[] {
  return [...new Set(Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer))];
}
