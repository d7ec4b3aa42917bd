// Which kernels each provider has, and what a graph is to be lowered with.

import { describe, expect, it } from "vitest";
import { integers } from "../core/tensor.js";
import {
  attention,
  conv2d,
  convTranspose2d,
  matmul,
  reshape,
  scatterAdd,
  sign,
  sin,
  sum,
} from "./functions.js";
import { gradient } from "./gradient.js";
import { Graph } from "./graph.js";
import type { Value } from "./graph.js";
import { lower } from "./lower/index.js";
import { toOnnx } from "./onnx/writer.js";
import { verifyModel } from "./verify-model.js";
import type { Provider } from "./verify-provider.js";
import { verify } from "./verify.js";

describe("verify for a provider", () => {
  const products = () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [1, 4, 6]);
    graph.output("scores", matmul(x, x, { transB: true }));
    return graph;
  };
  const attending = () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [1, 4, 6]);
    graph.output("y", attention(x, x, x, { heads: 2, scale: 1 }));
    return graph;
  };
  const portable: Provider[] = ["node-webgpu", "web-webgpu"];

  it.each(portable)("keeps the kernels of com.microsoft from %s", (provider) => {
    const remedy = /Lower the graph with fused: false/;
    expect(() => verify(products(), provider)).toThrow(remedy);
    expect(() => verify(attending(), provider)).toThrow(remedy);
    verify(lower(products(), { fused: false }), provider);
    verify(lower(attending(), { fused: false }), provider);
  });

  it.each<Provider>(["node-cpu", "web-wasm"])("lets %s have them", (provider) => {
    verify(products(), provider);
    verify(attending(), provider);
  });

  it.each<[string, (x: Value) => Value]>([
    ["sines", sin],
    ["signs", sign],
    ["scattered sums", (x) => scatterAdd(x, x.graph.constant(integers([2], [1, 1])), 0, 3)],
    [
      "adjoints of grouped convolutions",
      (x) => {
        const w = x.graph.input("w", "float32", [1, 1, 1, 2]);
        const picture = reshape(x, [1, 1, 1, 2]);
        return convTranspose2d(picture, w, { groups: 2, outputSize: [1, 1] });
      },
    ],
  ])("asks for other operators on WebGPU: %s", (_, build) => {
    const graph = new Graph();
    graph.output("y", build(graph.input("x", "float32", [2])));
    for (const provider of portable) {
      expect(() => verify(graph, provider)).toThrow(/Lower the graph with webgpu: true/);
      const lowered = lower(graph, { convolution: "native", fused: false, webgpu: true });
      verify(lowered, provider);
      verifyModel(toOnnx(lowered), provider);
    }
    verify(graph, "web-wasm");
  });

  it("asks for columns where there is no kernel", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [1, 4, 4, 2]);
    const w = graph.input("w", "float32", [3, 3, 2, 2]);
    graph.output("dw", gradient(sum(conv2d(x, w)), [w])[0]!);
    expect(() => verify(graph, "node-cpu")).toThrow(/convolution: "columns"/);
    verify(lower(graph), "node-cpu");
  });

  it("does not mind what is dead", () => {
    const graph = products();
    graph.outputs.clear();
    verify(graph, "web-wasm");
  });
});
