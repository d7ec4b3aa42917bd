import { expect, it } from "vitest";

import { floats, integers } from "../../core/tensor.js";
import { scatterAdd } from "../functions.js";
import { Graph } from "../graph.js";
import { nodeRuntime } from "../runtime/node.js";

// An embedding's gradient meets the same row thousands of times, from as many threads as there are.
it("loses no update when thousands add to one row", async () => {
  const [updates, width] = [4096, 512];
  const graph = new Graph();
  const x = graph.input("x", "float32", [updates, width]);
  const rows = graph.input("rows", "int64", [updates]);
  graph.output("y", scatterAdd(x, rows, 0, 2));
  const session = await nodeRuntime().compile(graph, { threads: 4 });
  const feeds = {
    x: floats([updates, width], new Float32Array(updates * width).fill(1)),
    rows: integers(
      [updates],
      Array.from({ length: updates }, (_, i) => Number(i % 4 === 0)),
    ),
  };
  for (let run = 0; run < 5; run++) {
    const { y } = await session.run(feeds);
    expect(new Set(y!.data.subarray(0, width))).toEqual(new Set([3072]));
    expect(new Set(y!.data.subarray(width))).toEqual(new Set([1024]));
  }
  await session.release();
});
