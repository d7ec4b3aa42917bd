import { describe, expect, it } from "vitest";
import { add, cast, matmul, mul, reshape, transpose } from "../functions.js";
import { Graph } from "../graph.js";
import type { Value } from "../graph.js";
import { printGraph } from "../print.js";
import { rewrite } from "../rewrite.js";
import { verify } from "../verify.js";
import { takeWeights } from "./stored-weights.js";

const location = { file: "f", offset: 8, byteLength: 48 };

/** A half-precision convolution kernel [2, 3, 2, 2] as layers ask for it, [kh, kw, in, out]. */
function kernel(graph: Graph): Value {
  const stored = graph.external("float16", [2, 3, 2, 2], location);
  return transpose(cast(stored, "float32"), [2, 3, 1, 0]);
}

function taken(build: (graph: Graph, x: Value) => Value, as: "inputs" | "constants" = "inputs") {
  const graph = new Graph();
  graph.output("y", build(graph, graph.input("x", "float32", [5, 12])));
  const made = takeWeights(graph, as);
  verify(made.graph);
  return { text: printGraph(rewrite(made.graph)), weights: [...made.weights.entries()] };
}

const whole = {
  location,
  dtype: "float16",
  shape: [2, 3, 2, 2],
  permutation: [2, 3, 1, 0],
};

describe("takeWeights", () => {
  it("makes an input of a weight and leaves its conversion to whoever reads it", () => {
    const { text, weights } = taken((g, x) => matmul(x, reshape(kernel(g), [12, 2])));
    expect(text).toMatchInlineSnapshot(`
      "%0 = Input(x) : float32 [5, 12]
      %1 = Input(weight.0) : float32 [12, 2]
      %2 = MatMul(%0, %1) {transA=false, transB=false} : float32 [5, 2]
      return y = %2"
    `);
    expect(weights).toEqual([["weight.0", whole]]);
  });

  it("makes a constant in a file of its own", () => {
    const { text, weights } = taken((g, x) => matmul(x, reshape(kernel(g), [12, 2])), "constants");
    expect(text).toMatchInlineSnapshot(`
      "%0 = Input(x) : float32 [5, 12]
      %1 = External(weight.0 from 0) : float32 [12, 2]
      %2 = MatMul(%0, %1) {transA=false, transB=false} : float32 [5, 2]
      return y = %2"
    `);
    expect(weights).toEqual([["weight.0", whole]]);
  });

  it("stops where a weight is read in two ways, so that both share it", () => {
    const { text, weights } = taken((g, x) => {
      const turned = reshape(transpose(kernel(g), [0, 1, 3, 2]), [8, 3]);
      const y = matmul(x, reshape(kernel(g), [12, 2]));
      return matmul(
        reshape(matmul(y, reshape(turned, [2, 12])), [5, 12]),
        reshape(turned, [12, 2]),
      );
    });
    expect(text).toContain("Input(weight.0) : float32 [2, 2, 3, 2]");
    expect(weights).toEqual([["weight.0", whole]]);
  });

  it("knows no axes of the file after a reshape or in another order", () => {
    const flat = taken((g, x) => matmul(x, transpose(reshape(kernel(g), [2, 12]), [1, 0])));
    expect(flat.text).toContain("Transpose");
    const odd = taken((g, x) => {
      const stored = g.external("float32", [2, 6], location);
      return mul(x, reshape(transpose(reshape(stored, [2, 2, 3]), [1, 0, 2]), [12]));
    });
    expect(odd.weights).toEqual([["weight.0", { location, dtype: "float32", shape: [2, 6] }]]);
  });

  it("leaves half precision that nothing widens", () => {
    const graph = new Graph();
    const stored = graph.external("float16", [4], location);
    graph.output("y", add(cast(add(stored, stored), "float32"), 1));
    const { weights } = takeWeights(graph, "inputs");
    expect([...weights]).toEqual([]);
  });
});
