// A runtime's contract: what runs give, alone, repeated and side by side.

import { floats } from "../../core/tensor.js";
import { conv2d, matmul, mul, softmax, sum } from "../functions.js";
import { Graph } from "../graph.js";
import { doubling, expectSame, square, withSession } from "./contract-case.js";
import type { ContractCase } from "./contract-case.js";
import type { Tensors } from "./session.js";

const wave = (length: number, phase: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7 + phase));

/** A picture through a convolution and attention-like products: enough to show any disorder of sums. */
function network(): { graph: Graph; feeds: Tensors } {
  const graph = new Graph();
  const picture = graph.input("picture", "float32", [1, 8, 8, 4]);
  const weight = graph.input("weight", "float32", [3, 3, 4, 16]);
  const hidden = conv2d(picture, weight, { padding: 1 });
  const rows = graph.input("rows", "float32", [64, 16]);
  const scores = softmax(matmul(rows, rows, { transB: true }));
  graph.output("hidden", hidden);
  graph.output("mixed", matmul(scores, rows));
  graph.output("total", sum(mul(hidden, hidden)));
  return {
    graph,
    feeds: {
      picture: floats([1, 8, 8, 4], wave(256, 0)),
      weight: floats([3, 3, 4, 16], wave(576, 1)),
      rows: floats([64, 16], wave(1024, 2)),
    },
  };
}

export const runCases: readonly ContractCase[] = [
  {
    name: "gives the same bits at every run",
    async check(runtime) {
      const { graph, feeds } = network();
      await withSession(runtime, graph, async (session) => {
        const first = await session.run(feeds);
        for (let repeat = 0; repeat < 3; repeat++) {
          const again = await session.run(feeds);
          for (const name of graph.outputs.keys()) {
            expectSame(name, again[name]!.data, first[name]!.data);
          }
        }
      });
    },
  },
  {
    name: "gives every output under its name, of its type, in the graph's order",
    check: (runtime) =>
      withSession(runtime, doubling(), async (session) => {
        const outputs = await session.run({ x: square(1, -2, 3, 0.5) });
        expectSame("names", Object.keys(outputs).join(), "double,total");
        expectSame("double", outputs.double!.data, [2, -4, 6, 1].join());
        expectSame("shape of double", outputs.double!.shape.join(), "2,2");
        expectSame("total", outputs.total!.data, "2.5");
        expectSame("shape of total", outputs.total!.shape.length, 0);
        expectSame("type", outputs.total!.dtype, "float32");
      }),
  },
  {
    name: "leaves feeds as they are, and earlier results",
    check: (runtime) =>
      withSession(runtime, doubling(), async (session) => {
        const shared = Float32Array.of(9, 1, 2, 3, 4, 9);
        const x = floats([2, 2], shared.subarray(1, 5));
        const first = await session.run({ x });
        await session.run({ x: square(0, 0, 0, 0) });
        expectSame("feed", shared, "9,1,2,3,4,9");
        expectSame("earlier result", first.double!.data, "2,4,6,8");
      }),
  },
  {
    name: "answers runs that were begun together, each with its own result",
    check: (runtime) =>
      withSession(runtime, doubling(), async (session) => {
        const begun = [1, 2, 3].map((value) => session.run({ x: square(value, 0, 0, 0) }));
        const outputs = await Promise.all(begun);
        expectSame("totals", outputs.map(({ total }) => total!.data[0]).join(), "1,2,3");
      }),
  },
  {
    name: "keeps sessions apart",
    async check(runtime) {
      const other = await runtime.compile(doubling());
      await withSession(runtime, doubling(), async (session) => {
        await other.release();
        const { total } = await session.run({ x: square(1, 2, 3, 4) });
        expectSame("total", total!.data, "10");
      });
    },
  },
];
