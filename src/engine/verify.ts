// The rules of a graph, checked value by value: run after every rewrite in tests.

import { BYTES } from "../core/dtype.js";
import { formatShape, sameShape, sizeOf } from "../core/shape.js";
import { isOp, liveValues } from "./graph.js";
import type { Graph, Value } from "./graph.js";
import { inferType } from "./ops/index.js";
import { expectAvailable } from "./verify-provider.js";
import type { Provider } from "./verify-provider.js";

/**
 * Throws, naming the value, unless the graph is in topological order, each operator has inputs that fit it
 * and the type inferred from them, and inputs and outputs are values of the graph under names of their own.
 * With a `provider`, also unless that one has a kernel for each value that the outputs need.
 */
export function verify(graph: Graph, provider?: Provider): void {
  graph.values.forEach((value, position) => {
    expectPlace(graph, value, position);
    if (value.inputs.length > 0) expectInferred(value);
    else expectSource(graph, value);
  });
  for (const [name, value] of graph.inputs) {
    if (graph.values[value.id] !== value || !isOp(value, "Input") || value.attributes.name !== name)
      throw new Error(`verify: input ${name}: expected an Input of that name, got ${label(value)}`);
  }
  for (const [name, value] of graph.outputs) {
    if (graph.values[value.id] !== value)
      throw new Error(`verify: output ${name}: expected a value of the graph, got another's`);
    if (graph.inputs.has(name))
      throw new Error(`verify: output ${name}: expected a name that no input has`);
  }
  if (provider) liveValues(graph).forEach((value) => expectAvailable(value, provider));
}

const label = (value: Value): string => `%${value.id} ${value.op}`;

/** In a list of values where each stands at its number, after its inputs. */
function expectPlace(graph: Graph, value: Value, position: number): void {
  if (value.id !== position || value.graph !== graph) {
    throw new Error(`verify: ${label(value)}: expected value ${position} of this graph`);
  }
  for (const input of value.inputs) {
    if (graph.values[input.id] !== input || input.id >= position) {
      throw new Error(`verify: ${label(value)}: expected inputs before it, got ${label(input)}`);
    }
  }
}

function expectInferred(value: Value): void {
  let inferred;
  try {
    inferred = inferType(value.op, value.inputs, value.attributes);
  } catch (cause) {
    throw new Error(`verify: ${label(value)}: ${(cause as Error).message}`, { cause });
  }
  if (inferred.dtype !== value.dtype || !sameShape(inferred.shape, value.shape)) {
    throw new Error(
      `verify: ${label(value)}: expected ${inferred.dtype} ${formatShape(inferred.shape)}, ` +
        `got ${value.dtype} ${formatShape(value.shape)}`,
    );
  }
}

/** A value without inputs, which holds or names its data. */
function expectSource(graph: Graph, value: Value): void {
  const size = sizeOf(value.shape);
  if (isOp(value, "Input")) {
    if (graph.inputs.get(value.attributes.name) === value) return;
    throw new Error(
      `verify: ${label(value)}: expected an input of the graph, got ${value.attributes.name}`,
    );
  }
  if (isOp(value, "Constant")) {
    const { dtype, shape, data } = value.attributes.value;
    if (dtype === value.dtype && sameShape(shape, value.shape) && data.length === size) return;
    throw new Error(
      `verify: ${label(value)}: expected ${size} elements of ${value.dtype} ` +
        `${formatShape(value.shape)}, got ${data.length} of ${dtype} ${formatShape(shape)}`,
    );
  }
  if (isOp(value, "External")) {
    const { offset, byteLength } = value.attributes.location;
    if (offset >= 0 && byteLength === size * BYTES[value.dtype]) return;
    throw new Error(
      `verify: ${label(value)}: expected ${size * BYTES[value.dtype]} bytes, ` +
        `got ${byteLength} at ${offset}`,
    );
  }
  throw new Error(`verify: ${label(value)}: expected inputs, got none`);
}
