// The parts of a runtime's contract: what a case is, its checks and its smallest graph.

import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { mul, sum } from "../functions.js";
import { Graph } from "../graph.js";
import type { Runtime, Session } from "./session.js";

/** One promise of a runtime: `check` throws when it is not kept. */
export interface ContractCase {
  readonly name: string;
  /** `file`: where the runtime finds `contractFile`, as a path or an address. */
  readonly check: (runtime: Runtime, file: string) => Promise<void>;
}

export function expectSame(what: string, actual: unknown, expected: unknown): void {
  const [got, wanted] = [actual, expected].map((value) =>
    ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<unknown>).join() : value,
  );
  if (!Object.is(got, wanted))
    throw new Error(`${what}: expected ${String(wanted)}, got ${String(got)}`);
}

/** Throws unless `work` rejects with a message that holds all of `words`. */
export async function expectRejection(work: Promise<unknown>, ...words: string[]): Promise<void> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const message = error instanceof Error ? error.message : `no error but ${String(error)}`;
  const missing = words.filter((word) => !message.includes(word));
  if (missing.length > 0)
    throw new Error(`expected an error about ${missing.join()}, got: ${message}`);
}

/** Compiles, uses and releases. */
export async function withSession(
  runtime: Runtime,
  graph: Graph,
  use: (session: Session) => Promise<void>,
): Promise<void> {
  const session = await runtime.compile(graph);
  try {
    await use(session);
  } finally {
    await session.release();
  }
}

/** Outputs double = 2 x and total = Σ x of x [2, 2]. */
export function doubling(): Graph {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2, 2]);
  graph.output("double", mul(x, 2));
  graph.output("total", sum(x));
  return graph;
}

export const square = (...values: number[]): HostTensor => floats([2, 2], values);
