import { describe, expect, it } from "vitest";
import { floats } from "../../core/tensor.js";
import { conv2d, mul, sum } from "../functions.js";
import { gradient } from "../gradient.js";
import { Graph, liveValues } from "../graph.js";
import type { Value } from "../graph.js";
import { rewrite } from "../rewrite.js";
import { byCost, convolutionsToProducts, inTilesOf } from "./convolution.js";
import type { ConvolutionSizes } from "./convolution.js";
import { inputGradient } from "./columns.js";

const sizes = (given: Partial<ConvolutionSizes>): ConvolutionSizes => ({
  ...{ pictures: 32, results: [24, 24], channels: [64, 64], kernel: [3, 3], stride: [1, 1] },
  held: false,
  ...given,
});

describe("the way of a convolution", () => {
  it("is tiles that fit, where channels are many", () => {
    expect(byCost(sizes({}))).toBe(4);
    expect(byCost(sizes({ results: [6, 6], channels: [160, 160] }))).toBe(3);
  });

  it("is columns for few channels, strides and other kernels", () => {
    expect(byCost(sizes({ channels: [4, 4] }))).toBeUndefined();
    expect(byCost(sizes({ stride: [2, 2] }))).toBeUndefined();
    expect(byCost(sizes({ kernel: [1, 1] }))).toBeUndefined();
    expect(byCost(sizes({ kernel: [5, 5] }))).toBeUndefined();
    expect(inTilesOf(2)(sizes({ stride: [2, 1] }))).toBeUndefined();
  });

  it("holds no large weight in a larger form for a small picture", () => {
    const deep = { pictures: 2, results: [16, 16], channels: [1280, 1280] } as const;
    expect(byCost(sizes({ ...deep, held: true }))).toBeUndefined();
    expect(byCost(sizes({ ...deep, pictures: 512, held: true }))).toBe(4);
  });
});

describe("tiles", () => {
  const lowered = (weightOf: (graph: Graph) => Value, withGradient: boolean): string[] => {
    const graph = new Graph();
    const weight = weightOf(graph);
    const y = conv2d(graph.input("x", "float32", [2, 8, 8, 64]), weight, { padding: 1 });
    graph.output("y", y);
    if (withGradient) graph.output("dw", gradient(sum(mul(y, y)), [weight])[0]!);
    const products = rewrite(graph, convolutionsToProducts(inTilesOf(4)));
    return liveValues(products).map(({ op }) => op);
  };
  const input = (graph: Graph): Value => graph.input("w", "float32", [3, 3, 64, 64]);

  it("are cut once for a convolution and for the gradient to its weight", () => {
    const count = (ops: readonly string[]): number => ops.filter((op) => op === "Gather").length;
    // Windows and results of the convolution; windows of dy.
    expect(count(lowered(input, false))).toBe(2);
    expect(count(lowered(input, true))).toBe(3);
  });

  it("serve a weight that is a constant", () => {
    const constant = (graph: Graph): Value =>
      graph.constant(floats([3, 3, 64, 64], new Float32Array(9 * 64 * 64)));
    expect(lowered(constant, false)).not.toContain("Conv2d");
  });
});

it("takes the gradient of a strided convolution to a picture of any size", () => {
  const graph = new Graph();
  const shape = [1, 400, 400, 1];
  const dy = graph.input("dy", "float32", [1, 200, 200, 1]);
  const weight = graph.input("w", "float32", [2, 2, 1, 1]);
  const geometry = { stride: [2, 2], padding: [0, 0, 0, 0], groups: 1 } as const;
  expect(inputGradient(dy, weight, shape, geometry).shape).toEqual(shape);
});
