// What the two sides of a worker say to each other: one request, then its reply.

import { FollowspotError } from "../../core/errors.js";
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
  { readonly ok: true; readonly value: RunReply | undefined } | ({ readonly ok: false } & Fault);

/** An error on its way: it arrives without its class and what that adds. */
export interface Fault {
  readonly error: unknown;
  /** What a FollowspotError adds. */
  readonly told?: Pick<FollowspotError, "fault" | "remedy">;
}

/** An error made ready to be sent. */
export function packError(error: unknown): Fault {
  if (!(error instanceof FollowspotError)) return { error };
  const { fault, remedy } = error;
  return { error, told: { fault, remedy } };
}

/** The error as it was thrown on the other side. */
export function unpackError({ error, told }: Fault): unknown {
  if (!told) return error;
  const { fault, remedy } = told;
  const { cause } = error as Error;
  return new FollowspotError(fault, { cause, ...(remedy !== undefined && { remedy }) });
}

/** What the worker is started with. */
export interface WorkerData {
  /** One int32: 1 while a request is served, so that nobody ends the worker inside native code. */
  readonly busy: SharedArrayBuffer;
}

/** The buffers of tensors, each once. */
export function buffersOf(tensors: Tensors): ArrayBuffer[] {
  return [...new Set(Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer))];
}
