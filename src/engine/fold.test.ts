import { describe, expect, it } from "vitest";

import { floats, integers, tensor } from "../core/tensor.js";
import {
  add,
  cast,
  concat,
  erf,
  exp,
  expand,
  gather,
  mul,
  pad,
  reshape,
  slice,
} from "./functions.js";
import { foldConstants } from "./fold.js";
import { Graph } from "./graph.js";
import type { Value } from "./graph.js";
import { printGraph } from "./print.js";
import { rewrite } from "./rewrite.js";
import { verify } from "./verify.js";

/** The graph of one output after folding, with dead values dropped. */
function folded(build: (graph: Graph) => Value): string {
  const graph = new Graph();
  graph.output("y", build(graph));
  const result = rewrite(rewrite(graph, foldConstants));
  verify(result);
  return printGraph(result);
}

const row = (graph: Graph) => graph.constant(floats([3], [1, 2, 3]));

describe("foldConstants", () => {
  it("folds chains of arithmetic with broadcasting", () => {
    const text = folded((g) => add(mul(row(g), 2), g.constant(floats([2, 1], [10, 20]))));
    expect(text).toMatchInlineSnapshot(`
      "%0 = Constant(12, 14, 16, 22, 24, 26) : float32 [2, 3]
      return y = %0"
    `);
  });

  it("keeps what depends on an input, and folds the rest below it", () => {
    const text = folded((g) => mul(g.input("x", "float32", [3]), add(row(g), row(g))));
    expect(text).toMatchInlineSnapshot(`
      "%0 = Input(x) : float32 [3]
      %1 = Constant(2, 4, 6) : float32 [3]
      %2 = Mul(%0, %1) : float32 [3]
      return y = %2"
    `);
  });

  it("moves elements of any type", () => {
    const text = folded((g) => {
      const indices = concat([g.constant(integers([1], [2])), g.constant(integers([1], [-3]))], 0);
      return gather(row(g), indices);
    });
    expect(text).toMatchInlineSnapshot(`
      "%0 = Constant(3, 1) : float32 [2]
      return y = %0"
    `);
  });

  it("pads, slices and reshapes", () => {
    const text = folded((g) => reshape(slice(pad(row(g), [1], [2]), 0, 0, 4), [2, 2]));
    expect(text).toMatchInlineSnapshot(`
      "%0 = Constant(0, 1, 2, 3) : float32 [2, 2]
      return y = %0"
    `);
  });

  it("rounds to single precision as it goes", () => {
    // In double precision 2^24 + 1 + 1 would come out even.
    const text = folded((g) => add(add(g.scalar(2 ** 24), 1), 1));
    expect(text).toMatchInlineSnapshot(`
      "%0 = Constant(16777216) : float32 []
      return y = %0"
    `);
  });

  it.each<[string, (graph: Graph) => Value]>([
    ["results larger than 4096 elements", (g) => expand(g.scalar(1), [64, 65])],
    [
      "half precision, which is bits here",
      (g) => exp(g.constant(tensor("float16", [1], Uint16Array.of(1)))),
    ],
    ["conversions to whole numbers", (g) => cast(row(g), "int64")],
    ["functions that have no exact form here", (g) => erf(row(g))],
    [
      "constants in files",
      (g) => exp(g.external("float32", [1], { file: "w", offset: 0, byteLength: 4 })),
    ],
  ])("leaves alone %s", (_, build) => {
    const graph = new Graph();
    const { op } = graph.output("y", build(graph));
    expect(rewrite(graph, foldConstants).outputs.get("y")!.op).toBe(op);
  });

  it("folds up to 4096 elements", () => {
    expect(folded((g) => expand(g.scalar(1), [64, 64]))).toMatch(/^%0 = Constant\(4096 elements/);
  });
});
