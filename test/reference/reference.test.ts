import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { floats, integers } from "../../src/core/tensor.js";
import * as f from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import type { Value } from "../../src/engine/graph.js";
import { finiteDifferences } from "./differences.js";
import { evaluate } from "./index.js";
import { erf } from "./special.js";
import { fromHost } from "./tensor.js";

const graph = () => new Graph();

/** Elements of one value, computed by the interpreter. */
function valuesOf(value: Value): number[] {
  value.graph.output("y", value);
  return [...evaluate(value.graph, {})["y"]!.data];
}

const constant = (g: Graph, shape: number[], values: number[]) => g.constant(floats(shape, values));

describe("the reference interpreter, against results worked out by hand", () => {
  // Published values of the error function, to 16 digits.
  it.each([
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.5, 0.999593047982555],
    [3, 0.9999779095030014],
    [-1, -0.8427007929497149],
    [7, 1],
  ])("erf(%d) is %d", (x, y) => {
    expect(Math.abs(erf(x) - y)).toBeLessThan(1e-15);
  });

  it("convolves with a stride, asymmetric padding and no kernel flip", () => {
    const g = graph();
    const x = constant(g, [1, 3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const weight = constant(g, [2, 2, 1, 1], [1, 10, 100, 1000]);
    const y = f.conv2d(x, weight, { stride: 2, padding: [1, 0, 0, 1] });
    expect(y.shape).toEqual([1, 2, 2, 1]);
    expect(valuesOf(y)).toEqual([2100, 300, 8754, 906]);
  });

  it("keeps groups of channels apart", () => {
    const g = graph();
    const x = constant(g, [1, 1, 1, 4], [1, 2, 3, 4]);
    const weight = constant(g, [1, 1, 2, 2], [1, 10, 100, 1000]);
    expect(valuesOf(f.conv2d(x, weight, { groups: 2 }))).toEqual([201, 4030]);
  });

  it("spreads a picture by a transposed convolution", () => {
    const g = graph();
    const y = constant(g, [1, 1, 2, 1], [1, 2]);
    const weight = constant(g, [1, 3, 1, 1], [1, 10, 100]);
    const wide = f.convTranspose2d(y, weight, { stride: 2, outputSize: [1, 5] });
    expect(valuesOf(wide)).toEqual([1, 10, 102, 20, 200]);
  });

  it("multiplies batches of turned matrices", () => {
    const g = graph();
    const a = constant(g, [2, 2, 1], [1, 2, 3, 4]);
    const b = constant(g, [3, 2], [1, 2, 3, 4, 5, 6]);
    expect(valuesOf(f.matmul(a, b, { transA: true, transB: true }))).toEqual([
      5, 11, 17, 11, 25, 39,
    ]);
  });

  it("adds updates that meet at one index", () => {
    const g = graph();
    const updates = constant(g, [2, 3], [1, 2, 3, 4, 5, 6]);
    const indices = g.constant(integers([3], [1, 1, 0]));
    expect(valuesOf(f.scatterAdd(updates, indices, 1, 2))).toEqual([3, 3, 6, 9]);
  });

  it("attends within each head", () => {
    const g = graph();
    const zeros = constant(g, [1, 1, 2], [0, 0]);
    const keys = constant(g, [1, 2, 2], [1, 2, 3, 4]);
    const values = constant(g, [1, 2, 2], [1, 10, 3, 30]);
    expect(valuesOf(f.attention(zeros, keys, values, { heads: 2, scale: 1 }))).toEqual([2, 20]);
  });

  it("reads constants that lie in a file", () => {
    const folder = mkdtempSync(join(tmpdir(), "reference-"));
    const file = join(folder, "weights");
    writeFileSync(file, new Uint8Array(Float32Array.of(7, 1.5, -2).buffer));
    const value = graph().external("float32", [2], { file, offset: 4, byteLength: 8 });
    expect(valuesOf(value)).toEqual([1.5, -2]);
    rmSync(folder, { recursive: true });
  });

  it("names a missing feed", () => {
    const g = graph();
    g.output("y", g.input("x", "float32", []));
    expect(() => evaluate(g, {})).toThrow("input x is missing");
  });
});

describe("finite differences", () => {
  it("give the gradient of x0² x1", () => {
    const g = graph();
    const x = g.input("x", "float32", [2]);
    const [a, b] = [f.slice(x, 0, 0, 1), f.slice(x, 0, 1, 2)];
    g.output("loss", f.sum(f.mul(f.mul(a, a), b)));
    const { data } = finiteDifferences(g, { x: fromHost(floats([2], [3, 5])) }, "x");
    expect(data[0]).toBeCloseTo(30, 7);
    expect(data[1]).toBeCloseTo(9, 7);
  });
});
