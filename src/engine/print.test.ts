import { describe, expect, it } from "vitest";

import { floats, integers } from "../core/tensor.js";
import { attention, conv2d, gather, matmul, mean, mul, relu, silu, sum } from "./functions.js";
import { gradient } from "./gradient.js";
import { Graph } from "./graph.js";
import { lower } from "./lower/index.js";
import { printGraph } from "./print.js";

describe("printGraph", () => {
  it("prints a line per live value, with attributes and types", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [1, 8, 8, 2]);
    const weight = graph.input("weight", "float32", [3, 3, 2, 4]);
    sum(x);
    graph.output("y", relu(conv2d(x, weight, { stride: 2, padding: 1 })));
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "%0 = Input(x) : float32 [1, 8, 8, 2]
      %1 = Input(weight) : float32 [3, 3, 2, 4]
      %2 = Conv2d(%0, %1) {stride=[2, 2], padding=[1, 1, 1, 1], groups=1} : float32 [1, 4, 4, 4]
      %3 = Relu(%2) : float32 [1, 4, 4, 4]
      return y = %3"
    `);
  });

  it("prints small constants whole and large ones by digest", () => {
    const graph = new Graph();
    const table = graph.constant(floats([3, 4], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
    const rows = gather(table, graph.constant(integers([2], [2, 0])));
    graph.output("y", mul(rows, 0.5));
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "%0 = Constant(12 elements, 48 bytes, #8333102b) : float32 [3, 4]
      %1 = Constant(2, 0) : int64 [2]
      %2 = Gather(%0, %1) {axis=0} : float32 [2, 4]
      %3 = Constant(0.5) : float32 []
      %4 = Mul(%2, %3) : float32 [2, 4]
      return y = %4"
    `);
  });

  it("prints external constants without their folder", () => {
    const print = (folder: string) => {
      const graph = new Graph();
      const location = { file: `${folder}/unet.safetensors`, offset: 64, byteLength: 8 };
      graph.output("y", graph.external("float32", [2], location));
      return printGraph(graph);
    };
    expect(print("a/b")).toMatchInlineSnapshot(`
      "%0 = External(unet.safetensors from 64) : float32 [2]
      return y = %0"
    `);
    expect(print("C:\\models")).toBe(print("a/b"));
  });

  it("does not depend on dead values, and keeps inputs that nothing reads", () => {
    const build = (dead: boolean) => {
      const graph = new Graph();
      const x = graph.input("x", "float32", [2]);
      graph.input("unread", "float32", [3]);
      if (dead) silu(x);
      graph.output("y", mul(x, x));
      graph.output("again", mul(x, x));
      return printGraph(graph);
    };
    expect(build(true)).toBe(build(false));
    expect(build(false)).toMatchInlineSnapshot(`
      "%0 = Input(x) : float32 [2]
      %1 = Input(unread) : float32 [3]
      %2 = Mul(%0, %0) : float32 [2]
      return y = %2, again = %2"
    `);
  });

  it("tells constants apart by their content", () => {
    const print = (last: number) => {
      const graph = new Graph();
      const values = Float32Array.from({ length: 100 }, (_, i) => (i === 99 ? last : i));
      graph.output("y", graph.constant(floats([100], values)));
      return printGraph(graph);
    };
    expect(print(1)).toBe(print(1));
    expect(print(1)).not.toBe(print(2));
  });
});

// Why it matters: a product whose gradient is not a product costs a training step its speed.
describe("gradients", () => {
  it("of a matrix product are two matrix products", () => {
    const graph = new Graph();
    const a = graph.input("a", "float32", [2, 3]);
    const b = graph.input("b", "float32", [3, 4]);
    const [da, db] = gradient(mean(matmul(a, b)), [a, b]);
    graph.output("da", da!);
    graph.output("db", db!);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "%0 = Input(a) : float32 [2, 3]
      %1 = Input(b) : float32 [3, 4]
      %2 = Constant(0.125) : float32 []
      %3 = Reshape(%2) {shape=[1, 1]} : float32 [1, 1]
      %4 = Expand(%3) {shape=[2, 4]} : float32 [2, 4]
      %5 = MatMul(%4, %1) {transA=false, transB=true} : float32 [2, 3]
      %6 = MatMul(%0, %4) {transA=true, transB=false} : float32 [3, 4]
      return da = %5, db = %6"
    `);
  });

  it("of a 3x3 convolution's weight gathers the columns of the same picture anew", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [1, 4, 4, 2]);
    const weight = graph.input("weight", "float32", [3, 3, 2, 2]);
    const y = conv2d(x, weight, { padding: 1 });
    graph.output("y", y);
    graph.output("dw", gradient(sum(y), [weight])[0]!);
    const text = printGraph(lower(graph));
    expect(text.match(/Gather/g)).toHaveLength(2);
    expect(text.match(/Pad/g)).toHaveLength(1);
    expect(text.match(/MatMul/g)).toHaveLength(2);
  });

  it("of fused attention recompute the maps once", () => {
    const graph = new Graph();
    const [q, k, v] = ["q", "k", "v"].map((name) => graph.input(name, "float32", [1, 4, 8]));
    const loss = sum(attention(q!, k!, v!, { heads: 2, scale: 0.5 }));
    gradient(loss, [q!, k!, v!]).forEach((d, i) => graph.output(`d${i}`, d));
    const text = printGraph(graph);
    expect(text.match(/Softmax/g)).toHaveLength(1);
    expect(text.match(/Attention/g)).toBeNull();
  });
});
