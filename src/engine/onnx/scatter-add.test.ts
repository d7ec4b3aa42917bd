import { expect, it } from "vitest";

import { floats, integers } from "../../core/tensor.js";
import { scatterAdd } from "../functions.js";
import { Graph } from "../graph.js";
import { nodeRuntime } from "../runtime/node.js";

// An embedding's gradient meets the same row thousands of times, from as many threads as there are.
it("loses no update when thousands add to one row", async () => {
  const [updates, width] = [4096, 1024];
  const graph = new Graph();
  const x = graph.input("x", "float32", [updates, width]);
  const rows = graph.input("rows", "int64", [updates]);
  graph.output("y", scatterAdd(x, rows, 0, 2));
  const session = await nodeRuntime().compile(graph, { threads: 2 });
  const feeds = {
    x: floats([updates, width], new Float32Array(updates * width).fill(1)),
    rows: integers(
      [updates],
      Array.from({ length: updates }, (_, i) => Number(i % 2 === 0)),
    ),
  };
  for (let run = 0; run < 12; run++) {
    const { y } = await session.run(feeds);
    expect(new Set<unknown>(y!.data)).toEqual(new Set([2048]));
  }
  await session.release();
});
