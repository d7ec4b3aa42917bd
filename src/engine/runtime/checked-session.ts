// What every runtime promises of a session before its provider is asked: fitting tensors, and an open session.

import { formatShape, sameShape } from "../../core/shape.js";
import type { HostTensor } from "../../core/tensor.js";
import type { Graph, ValueType } from "../graph.js";
import type { Session, Tensors } from "./session.js";

/** A provider's session, which trusts what it is given. */
export interface RawSession {
  run(feeds: Tensors, results: Tensors, signal?: AbortSignal): Promise<Record<string, HostTensor>>;
  release(): Promise<void>;
}

/** The outputs by name, those that have a given result written into it. */
export function intoResults(outputs: Tensors, results: Tensors): Record<string, HostTensor> {
  const placed = Object.entries(outputs).map(([name, output]) => {
    const result = results[name];
    result?.data.set(output.data as never);
    return [name, result ?? output] as const;
  });
  return Object.fromEntries(placed);
}

/** Types by name. */
type Signature = ReadonlyMap<string, ValueType>;

function expectTypes(kind: string, given: Tensors, expected: Signature): void {
  for (const [name, { dtype, shape }] of Object.entries(given)) {
    const type = expected.get(name);
    if (!type) {
      throw new Error(`run: unknown ${kind} ${name}; expected ${[...expected.keys()].join(", ")}`);
    }
    if (dtype !== type.dtype || !sameShape(shape, type.shape)) {
      throw new Error(
        `run: ${kind} ${name}: expected ${type.dtype} ${formatShape(type.shape)}, ` +
          `got ${dtype} ${formatShape(shape)}`,
      );
    }
  }
}

function expectAll(feeds: Tensors, expected: Signature): void {
  for (const name of expected.keys()) {
    if (feeds[name]) continue;
    throw new Error(`run: input ${name} is missing; expected ${[...expected.keys()].join(", ")}`);
  }
}

function overlap({ data: a }: HostTensor, { data: b }: HostTensor): boolean {
  if (a.buffer !== b.buffer) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

/** Throws when a result lies in the memory of a feed or of another result. */
function expectApart(results: Tensors, feeds: Tensors): void {
  const named = Object.entries(results);
  const all = [
    ...Object.entries(feeds).map(([name, feed]) => [`input ${name}`, feed] as const),
    ...named,
  ];
  for (const [name, result] of named) {
    const [shared] = all.find(([other, tensor]) => other !== name && overlap(tensor, result)) ?? [];
    if (shared !== undefined) {
      throw new Error(`run: output ${name}: expected memory of its own, got that of ${shared}`);
    }
  }
}

/** Checks feeds and results of `graph` before `raw` sees them; a released session refuses to run. */
export function checkedSession(graph: Graph, raw: RawSession): Session {
  const inputs: Signature = new Map(graph.inputs);
  const outputs: Signature = new Map(graph.outputs);
  let released: Promise<void> | undefined;
  return {
    async run(feeds, results = {}, signal) {
      if (released) throw new Error("run: expected an open session, got one that was released");
      expectAll(feeds, inputs);
      expectTypes("input", feeds, inputs);
      expectTypes("output", results, outputs);
      expectApart(results, feeds);
      signal?.throwIfAborted();
      return raw.run(feeds, results, signal);
    },
    release: () => (released ??= raw.release()),
  };
}
