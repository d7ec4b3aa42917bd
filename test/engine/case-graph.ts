// The graph of a case: its result, the scalar made of it, and the gradients to its inputs.

import { sizeOf } from "../../src/core/shape.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { mul, sum } from "../../src/engine/functions.js";
import { gradient } from "../../src/engine/gradient.js";
import { Graph } from "../../src/engine/graph.js";
import type { Value } from "../../src/engine/graph.js";
import type { OperatorCase } from "./cases/case.js";
import { COTANGENT_SEED, fill } from "./inputs.js";

/** The result of a case as a value, with its weighted sum. */
function built(c: OperatorCase): { graph: Graph; y: Value; loss: Value } {
  const graph = new Graph();
  const inputs = Object.entries(c.inputs).map(([name, { shape, kind }]) => {
    const dtype = typeof kind === "object" ? "int64" : "float32";
    return [name, graph.input(name, dtype, shape)] as const;
  });
  const y = c.build(Object.fromEntries(inputs));
  const factors = graph.input("cotangent", "float32", y.shape);
  return { graph, y, loss: sum(mul(y, factors)) };
}

/** Names of the inputs that have a gradient. */
export function floatInputs(c: OperatorCase): string[] {
  return Object.keys(c.inputs).filter((name) => typeof c.inputs[name]!.kind !== "object");
}

/** Outputs `result` and, for each float input x, its gradient `d x`. */
export function caseGraph(c: OperatorCase): Graph {
  const { graph, y, loss } = built(c);
  const names = floatInputs(c);
  const gradients = gradient(
    loss,
    names.map((name) => graph.inputs.get(name)!),
  );
  graph.output("result", y);
  names.forEach((name, i) => graph.output(`d ${name}`, gradients[i]!));
  return graph;
}

/** The scalar alone, as output `loss`. */
export function lossGraph(c: OperatorCase): Graph {
  const { graph, loss } = built(c);
  graph.output("loss", loss);
  return graph;
}

/** What a case's graphs are fed with. */
export function caseFeeds(c: OperatorCase): Record<string, HostTensor> {
  const { y } = built(c);
  const feeds = Object.entries(c.inputs).map(
    ([name, spec], i) => [name, fill(spec, i + 1)] as const,
  );
  const factors = fill({ shape: y.shape, kind: "any" }, COTANGENT_SEED);
  return { ...Object.fromEntries(feeds), cotangent: factors };
}

/** The same graph without the outputs that need a convolution's gradient to its weight. */
export function withoutWeightGradients(graph: Graph): Graph {
  const needs = new Map<number, boolean>();
  for (const value of graph.values) {
    const own = value.op === "Conv2dWeightGradient";
    needs.set(value.id, own || value.inputs.some((input) => needs.get(input.id)));
  }
  const outputs = [...graph.outputs].filter(([, value]) => !needs.get(value.id));
  graph.outputs.clear();
  for (const [name, value] of outputs) graph.output(name, value);
  return graph;
}

/** Number of elements of all float inputs, which is what finite differences cost. */
export function elementsOf(c: OperatorCase): number {
  return floatInputs(c).reduce((total, name) => total + sizeOf(c.inputs[name]!.shape), 0);
}
