import { describe, expect, it } from "vitest";
import { floats } from "../../core/tensor.js";
import { add, conv2d, exp, matmul, mul, sum } from "../functions.js";
import { gradient } from "../gradient.js";
import { Graph, liveValues } from "../graph.js";
import { verify } from "../verify.js";
import { lower } from "./index.js";

/** Operators of the lowered graph, sources left out. */
function operators(graph: Graph, options = {}): string[] {
  const lowered = lower(graph, options);
  verify(lowered);
  return liveValues(lowered)
    .map(({ op }) => op)
    .filter((op) => !["Input", "Constant", "External"].includes(op));
}

describe("constants on the way to a provider", () => {
  const small = (graph: Graph) => graph.constant(floats([4], [1, 2, 3, 4]));

  it("are folded for every provider", () => {
    const graph = new Graph();
    graph.output("y", mul(graph.input("x", "float32", [2, 4]), add(exp(small(graph)), 1)));
    for (const options of [{}, { fused: false }, { fused: false, webgpu: true }]) {
      expect(operators(graph, options)).toEqual(["Mul"]);
    }
  });

  it("stay computed where they are large, so that no weight is held twice", () => {
    const graph = new Graph();
    const weight = graph.constant(floats([64, 65], new Float32Array(64 * 65)));
    graph.output("y", matmul(graph.input("x", "float32", [2, 64]), mul(weight, 2)));
    expect(operators(graph)).toEqual(["Mul", "MatMul"]);
  });
});

describe("a convolution's columns", () => {
  it("are gathered anew for the gradient to its weight, and not for what has one tap", () => {
    const gathers = (size: number): number => {
      const graph = new Graph();
      const x = graph.input("x", "float32", [1, 6, 6, 2]);
      const weight = graph.input("w", "float32", [size, size, 2, 3]);
      const y = conv2d(x, weight, { padding: new Array(4).fill((size - 1) / 2) as never });
      graph.output("y", y);
      graph.output("dw", gradient(sum(mul(y, y)), [weight])[0]!);
      return operators(graph).filter((op) => op === "Gather").length;
    };
    expect([gathers(1), gathers(3)]).toEqual([0, 2]);
  });
});
