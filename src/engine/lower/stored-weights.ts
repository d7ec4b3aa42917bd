// Weights in files, taken out of the graph together with their conversion, so that they are converted as they are read.

import { sizeOf } from "../../core/shape.js";
import type { Shape } from "../../core/shape.js";
import { isOp, liveValues } from "../graph.js";
import type { Graph, Value } from "../graph.js";
import type { ExternalLocation } from "../operators.js";
import { rewrite } from "../rewrite.js";

/** Bytes of a file, and how they become the float32 values that a graph reads. */
export interface StoredTensor {
  readonly location: ExternalLocation;
  readonly dtype: "float32" | "float16";
  /** Shape in the file. */
  readonly shape: Shape;
  /** The file's axes in the order of the graph's, the first one last; absent when they keep their order. */
  readonly permutation?: readonly number[];
}

/** A weight, and the value of the graph that holds nothing else. */
interface Prepared {
  readonly weight: StoredTensor;
  readonly end: Value;
}

function consumersOf(values: readonly Value[]): Map<Value, Value[]> {
  const consumers = new Map<Value, Value[]>();
  for (const value of values) {
    for (const input of new Set(value.inputs)) {
      const known = consumers.get(input);
      if (known) known.push(value);
      else consumers.set(input, [value]);
    }
  }
  return consumers;
}

/** What `next` adds to the preparation of a weight, or undefined when it does more than prepare. */
function extended({ weight, end }: Prepared, next: Value): Prepared | undefined {
  if (isOp(next, "Cast")) return next.dtype === "float32" ? { weight, end: next } : undefined;
  if (isOp(next, "Reshape")) return { weight, end: next };
  if (!isOp(next, "Transpose")) return undefined;
  const { perm: permutation } = next.attributes;
  // After a reshape or another turn, the axes are no longer the file's.
  const isFirst = !weight.permutation && !isOp(end, "Reshape");
  return isFirst && permutation.at(-1) === 0
    ? { weight: { ...weight, permutation }, end: next }
    : undefined;
}

/** Follows a weight through its conversion, as far as all that read it read the same. */
function prepared(
  source: Value<"External">,
  consumers: ReadonlyMap<Value, readonly Value[]>,
  outputs: ReadonlySet<Value>,
): Prepared | undefined {
  const { dtype, shape } = source;
  if (dtype !== "float32" && dtype !== "float16") return undefined;
  const { location } = source.attributes;
  let found: Prepared = { weight: { location, dtype, shape }, end: source };
  while (!outputs.has(found.end)) {
    const readers = consumers.get(found.end) ?? [];
    const next = readers.length === 1 ? extended(found, readers[0]!) : undefined;
    if (!next) break;
    found = next;
  }
  return found.end.dtype === "float32" ? found : undefined;
}

/** Bytes of a float32 tensor. */
const bytesOf = ({ shape }: Value): number => 4 * sizeOf(shape);

/**
 * The graph with its weights in files as float32 inputs, or as float32 constants each in a file of its own, and what
 * these hold by their names. Casts, one transposition and reshapes that stood between a weight and its first use are
 * done when it is read. Weights that stay half precision remain where they are.
 */
export function takeWeights(
  graph: Graph,
  as: "inputs" | "constants",
): { graph: Graph; weights: ReadonlyMap<string, StoredTensor> } {
  const live = liveValues(graph);
  const consumers = consumersOf(live);
  const outputs = new Set(graph.outputs.values());
  const names = new Map<Value, string>();
  const weights = new Map<string, StoredTensor>();
  for (const value of live) {
    const found = isOp(value, "External") ? prepared(value, consumers, outputs) : undefined;
    if (!found) continue;
    const name = `weight.${weights.size}`;
    names.set(found.end, name);
    weights.set(name, found.weight);
  }
  const taken = rewrite(graph, (value, _, target) => {
    const name = names.get(value);
    if (name === undefined) return undefined;
    const { dtype, shape } = value;
    if (as === "inputs") return target.input(name, dtype, shape);
    return target.external(dtype, shape, { file: name, offset: 0, byteLength: bytesOf(value) });
  });
  return { graph: taken, weights };
}
