// Central finite differences in the float64 interpreter: the gradient by its definition.

import type { Graph } from "../../src/engine/graph.js";
import { evaluate } from "./index.js";
import type { Reference } from "./tensor.js";

/** Below the grid of the tests' inputs (2^-14), so that no difference straddles a kink. */
const STEP = 1e-5;

/** The gradient of the scalar output `loss` to the feed `name`, one element at a time. */
export function finiteDifferences(
  graph: Graph,
  feeds: Readonly<Record<string, Reference>>,
  name: string,
  loss = "loss",
): Reference {
  const feed = feeds[name]!;
  const shifted = (i: number, by: number): number => {
    const data = feed.data.with(i, feed.data[i]! + by);
    return evaluate(graph, { ...feeds, [name]: { ...feed, data } })[loss]!.data[0]!;
  };
  const data = feed.data.map((_, i) => (shifted(i, STEP) - shifted(i, -STEP)) / (2 * STEP));
  return { dtype: feed.dtype, shape: feed.shape, data };
}
