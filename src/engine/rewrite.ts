// Rebuilding a graph: dead values drop out, equal ones merge, and a rule may replace any of the rest.

import { Graph, isOp, liveValues } from "./graph.js";
import type { Value } from "./graph.js";

/** Gives the replacement of `value` in `target` from its rebuilt inputs, or undefined to copy it. */
export type RewriteRule = (
  value: Value,
  inputs: readonly Value[],
  target: Graph,
) => Value | undefined;

/** A new graph with the same inputs and outputs, each live value replaced by what the first rule gives. */
export function rewrite(graph: Graph, ...rules: readonly RewriteRule[]): Graph {
  const target = new Graph();
  const rebuilt = new Map<number, Value>();
  for (const [name, value] of graph.inputs) {
    rebuilt.set(value.id, target.input(name, value.dtype, value.shape));
  }
  const constants = new Map<object, Value>();
  for (const value of liveValues(graph)) {
    if (rebuilt.has(value.id)) continue;
    const inputs = value.inputs.map((input) => rebuilt.get(input.id)!);
    rebuilt.set(
      value.id,
      replace(value, inputs, target, rules) ?? copy(value, inputs, target, constants),
    );
  }
  for (const [name, value] of graph.outputs) target.output(name, rebuilt.get(value.id)!);
  return target;
}

function replace(
  value: Value,
  inputs: readonly Value[],
  target: Graph,
  rules: readonly RewriteRule[],
): Value | undefined {
  for (const rule of rules) {
    const made = rule(value, inputs, target);
    if (made) return made;
  }
  return undefined;
}

function copy(
  value: Value,
  inputs: readonly Value[],
  target: Graph,
  constants: Map<object, Value>,
): Value {
  if (isOp(value, "Constant")) {
    const { data } = value.attributes.value;
    const made = constants.get(data) ?? target.constant(value.attributes.value);
    constants.set(data, made);
    const same = made.dtype === value.dtype && made.shape.join() === value.shape.join();
    return same ? made : target.constant(value.attributes.value);
  }
  if (isOp(value, "External")) {
    return target.external(value.dtype, value.shape, value.attributes.location);
  }
  return target.apply(value.op, inputs, value.attributes);
}
