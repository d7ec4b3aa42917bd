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

/** A tensor's place in its memory. */
interface Span {
  readonly label: string;
  readonly isResult: boolean;
  readonly start: number;
  readonly end: number;
}

function spansByMemory(results: Tensors, feeds: Tensors): Map<ArrayBufferLike, Span[]> {
  const spans = new Map<ArrayBufferLike, Span[]>();
  const collect = (tensors: Tensors, isResult: boolean): void => {
    for (const [name, { data }] of Object.entries(tensors)) {
      const { buffer, byteOffset: start, byteLength } = data;
      const span = { label: isResult ? name : `input ${name}`, isResult, start };
      const known = spans.get(buffer) ?? [];
      if (known.length === 0) spans.set(buffer, known);
      known.push({ ...span, end: start + byteLength });
    }
  };
  collect(feeds, false);
  collect(results, true);
  return spans;
}

/** Throws when a result lies in the memory of a feed or of another result. Feeds may share theirs. */
function expectApart(results: Tensors, feeds: Tensors): void {
  for (const spans of spansByMemory(results, feeds).values()) {
    spans.sort((a, b) => a.start - b.start);
    // The one of each kind that reaches farthest so far.
    let feed: Span | undefined;
    let result: Span | undefined;
    for (const span of spans) {
      const met = [result, span.isResult ? feed : undefined].find(
        (it) => it && span.start < it.end,
      );
      if (met) {
        const [output, other] = span.isResult ? [span, met] : [met, span];
        throw new Error(
          `run: output ${output.label}: expected memory of its own, got that of ${other.label}`,
        );
      }
      if (span.isResult) result = span.end > (result?.end ?? 0) ? span : result;
      else feed = span.end > (feed?.end ?? 0) ? span : feed;
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
