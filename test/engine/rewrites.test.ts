// Every graph of the operator cases is sound after each rewrite, and keeps its inputs, outputs and types.

import { describe, expect, it } from "vitest";
import { foldConstants } from "../../src/engine/fold.js";
import type { Graph } from "../../src/engine/graph.js";
import {
  byColumns,
  convolutionsToProducts,
  inTilesOf,
} from "../../src/engine/lower/convolution.js";
import { lower } from "../../src/engine/lower/index.js";
import { portable } from "../../src/engine/lower/portable.js";
import { TILE_SIDES } from "../../src/engine/lower/toom-cook.js";
import { toOnnx } from "../../src/engine/onnx/writer.js";
import { printGraph } from "../../src/engine/print.js";
import { rewrite } from "../../src/engine/rewrite.js";
import type { RewriteRule } from "../../src/engine/rewrite.js";
import { verifyModel } from "../../src/engine/verify-model.js";
import { verify } from "../../src/engine/verify.js";
import { expectClose } from "../closeness.js";
import { evaluate } from "../reference/index.js";
import { caseFeeds, caseGraph } from "./case-graph.js";
import { operatorCases } from "./cases/index.js";

// Factors that become constants on the way are rounded to single precision.
const TO_ITSELF = { relative: 3e-7, absolute: 1e-12, ofScale: 1e-7 };
// In tiles they are subtracted from one another.
const IN_TILES = { relative: 1e-6, absolute: 1e-12, ofScale: 1e-6 };

/** Names and types at both ends of a graph. */
function signature(graph: Graph): string[] {
  return [...graph.inputs, ...graph.outputs].map(
    ([name, { dtype, shape }]) => `${name}: ${dtype} ${shape.join("x")}`,
  );
}

/** One pass, checked. */
function pass(graph: Graph, ...rules: RewriteRule[]): Graph {
  const result = rewrite(graph, ...rules);
  verify(result);
  expect(signature(result)).toEqual(signature(graph));
  return result;
}

describe.each(operatorCases)("$name", (c) => {
  it("stays sound through every pass", () => {
    const graph = caseGraph(c);
    verify(graph);
    const bare = pass(graph);
    expect(printGraph(pass(bare))).toBe(printGraph(bare));
    const columns = pass(bare, convolutionsToProducts(byColumns));
    const parts = pass(columns, portable);
    pass(pass(parts, portable), foldConstants);
    expect(columns.values.filter(({ op }) => op.startsWith("Conv2d"))).toEqual([]);
  });

  it("computes the same through every pass", () => {
    const graph = caseGraph(c);
    const feeds = caseFeeds(c);
    const expected = evaluate(graph, feeds);
    const columns = rewrite(graph, convolutionsToProducts(byColumns));
    for (const lowered of [columns, lower(graph, { fused: false })]) {
      const results = evaluate(lowered, feeds);
      for (const name of graph.outputs.keys()) {
        expectClose(results[name]!, expected[name]!, TO_ITSELF);
      }
    }
  });

  it("computes the same in tiles of minimal filtering", () => {
    const graph = caseGraph(c);
    const feeds = caseFeeds(c);
    const expected = evaluate(graph, feeds);
    for (const m of TILE_SIDES) {
      const results = evaluate(rewrite(graph, convolutionsToProducts(inTilesOf(m))), feeds);
      for (const name of graph.outputs.keys()) {
        expectClose(results[name]!, expected[name]!, IN_TILES);
      }
    }
  });

  it("becomes sound models for Node's CPU and for the web", () => {
    const fused = lower(caseGraph(c));
    verify(fused, "node-cpu");
    verifyModel(toOnnx(fused), "node-cpu");
    const standard = lower(caseGraph(c), { fused: false, webgpu: true });
    verify(standard, "web-webgpu");
    verifyModel(toOnnx(standard), "web-webgpu");
  });
});
