// Constant folding leaves every operator case's results as they are.

import { describe, expect, it } from "vitest";
import { Graph } from "../../src/engine/graph.js";
import type { OperatorName } from "../../src/engine/operators.js";
import { foldConstants } from "../../src/engine/fold.js";
import { rewrite } from "../../src/engine/rewrite.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { verify } from "../../src/engine/verify.js";
import { expectClose } from "../closeness.js";
import { evaluate } from "../reference/index.js";
import { caseFeeds, caseGraph } from "./case-graph.js";
import type { OperatorCase } from "./cases/case.js";
import { elementwiseCases } from "./cases/elementwise.js";
import { operatorCases } from "./cases/index.js";
import { shapeCases } from "./cases/shape.js";

/** Operators that are left as they are: sums belong to the provider, erf has no function here, halves are bits. */
const KEPT: readonly OperatorName[] = ["Erf", "Gelu", "ReduceSum", "ReduceMax", "ScatterAdd"];

/** A case with constants for inputs, its result as output `y`. */
function constantCase(c: OperatorCase): Graph {
  const graph = new Graph();
  const feeds = caseFeeds(c);
  const inputs = Object.keys(c.inputs).map((name) => [name, graph.constant(feeds[name]!)] as const);
  graph.output("y", c.build(Object.fromEntries(inputs)));
  return graph;
}

const opsOf = (graph: Graph): OperatorName[] => graph.values.map(({ op }) => op);

describe.each([...elementwiseCases, ...shapeCases])("$name, of constants", (c) => {
  const graph = rewrite(constantCase(c));
  const folded = rewrite(rewrite(graph, foldConstants));

  it("folds to its result", () => {
    verify(folded);
    expectClose(evaluate(folded, {})["y"]!, evaluate(graph, {})["y"]!, { relative: 1e-6 });
  });

  it("folds whole but for what is kept", () => {
    const holds = opsOf(graph).some((op) => KEPT.includes(op));
    const halves = graph.values.some(({ dtype }) => dtype === "float16");
    const wholes =
      opsOf(graph).includes("Cast") && graph.values.some(({ dtype }) => dtype === "int64");
    if (holds || halves || wholes) return;
    expect(opsOf(folded)).toEqual(["Constant"]);
  });
});

describe("folding a graph with its gradients", () => {
  it.each(operatorCases)("$name", (c) => {
    const graph = caseGraph(c);
    const folded = rewrite(rewrite(graph, foldConstants));
    verify(folded);
    expect(folded.values.length).toBeLessThanOrEqual(rewrite(graph).values.length);
    const feeds = caseFeeds(c);
    const [ours, theirs] = [evaluate(folded, feeds), evaluate(graph, feeds)];
    for (const name of graph.outputs.keys()) {
      expectClose(ours[name]!, theirs[name]!, { relative: 1e-6, ofScale: 1e-7 });
    }
  });
});

describe("folding, against the provider", () => {
  it("gives its very bits where single precision is exact", async () => {
    const exact = /^(add|sub|mul|div|max|min|neg|abs|sign|relu|sqrt|reciprocal|where|less|equal)/;
    for (const c of elementwiseCases.filter(
      ({ name }) => exact.test(name) && !/guards/.test(name),
    )) {
      const graph = constantCase(c);
      const folded = rewrite(graph, foldConstants).outputs.get("y")!;
      expect(folded.op, c.name).toBe("Constant");
      const session = await nodeRuntime().compile(graph, { threads: 1 });
      const { y } = await session.run({});
      await session.release();
      const { value } = folded.attributes as { value: { data: ArrayLike<number> } };
      expect(Array.from(y!.data as Float32Array), c.name).toEqual(Array.from(value.data));
    }
  });
});
