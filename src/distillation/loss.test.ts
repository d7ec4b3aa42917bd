import { describe, expect, it } from "vitest";
import { floats } from "../core/tensor.js";
import { Graph } from "../engine/graph.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import { errorsOf } from "./loss.js";

describe("the error of a step", () => {
  it("is weighed once, outside of the square, and reported without weights", async () => {
    const shape = [2, 2, 1, 1];
    const graph = new Graph();
    const input = (name: string) => graph.input(name, "float32", shape);
    const weight = graph.input("weight", "float32", [2]);
    const { loss, report } = errorsOf(input("prediction"), input("target"), weight);
    graph.output("loss", loss);
    graph.output("error", report.error);
    const session = await nodeRuntime().compile(graph, { threads: 1 });
    const made = await session.run({
      prediction: floats(shape, [1, 2, 3, -4]),
      target: floats(shape, [0, 0, 0, 0]),
      weight: floats([2], [4, 0.5]),
    });
    await session.release();
    // Mean squares 2.5 and 12.5: (4 · 2.5 + 0.5 · 12.5) / 2, and (2.5 + 12.5) / 2 without.
    expect(made["loss"]!.data[0]).toBe(8.125);
    expect(made["error"]!.data[0]).toBe(7.5);
  });
});
