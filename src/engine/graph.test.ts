import { describe, expect, it } from "vitest";
import { add } from "./functions.js";
import { Graph } from "./graph.js";

describe("a graph refuses", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2, 3]);
  const stranger = new Graph().input("y", "float32", [2, 3]);
  graph.output("z", x);

  it.each<[string, () => unknown, string]>([
    [
      "an input of another type",
      () => graph.input("x", "int64", []),
      "input: expected x as it was declared, float32 2x3, got int64 scalar",
    ],
    ["a stranger", () => add(x, stranger), "Add: expected values of one graph, got another's"],
    [
      "a stranger as an output",
      () => graph.output("y", stranger),
      "output: expected a value of this graph as y, got another's",
    ],
    [
      "a name that is taken",
      () => graph.output("z", x),
      "output: expected a new name, got z, which another output has",
    ],
    [
      "an inner name",
      () => graph.output("_z", x),
      'output: expected a name without a leading underscore, got "_z"',
    ],
  ])("%s", (_, act, message) => {
    expect(act).toThrow(new Error(message));
  });
});
