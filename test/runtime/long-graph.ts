// A graph that runs for as long as a test needs: a chain of matrix products.

import { matmul } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";

/** Rows and columns of its input and output. */
export const SIDE = 1024;

/** y = x · x · ... with `products` products of 2 GFLOP each. */
export function longGraph(products: number): Graph {
  const graph = new Graph();
  const x = graph.input("x", "float32", [SIDE, SIDE]);
  let y = x;
  for (let i = 0; i < products; i++) y = matmul(y, x);
  graph.output("y", y);
  return graph;
}
