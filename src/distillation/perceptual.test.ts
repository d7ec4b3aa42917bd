import { describe, expect, it } from "vitest";
import { floats } from "../core/tensor.js";
import { mul } from "../engine/functions.js";
import { Graph } from "../engine/graph.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import { squaredDistance } from "./loss.js";
import type { Distance } from "./loss.js";
import { featureDistance, perceptualDistance } from "./perceptual.js";

const SHAPE = [2, 1, 2, 2];
/** Two pictures of two places with two channels. */
const A = [3, 4, 1, 0, 0, 2, 5, 0];
/** The first turned by a right angle at its first place; the second with longer features alone. */
const B = [-4, 3, 1, 0, 0, 6, 1, 0];

async function distances(distance: Distance): Promise<number[]> {
  const graph = new Graph();
  const [a, b] = ["a", "b"].map((name) => graph.input(name, "float32", SHAPE));
  graph.output("distance", distance(a!, b!));
  const session = await nodeRuntime().compile(graph, { threads: 1 });
  const made = await session.run({ a: floats(SHAPE, A), b: floats(SHAPE, B) });
  await session.release();
  return Array.from(made["distance"]!.data as Float32Array);
}

describe("the distance of features", () => {
  it("is 2 where features stand at right angles, 0 where only their length differs", async () => {
    const [turned, longer] = await distances(featureDistance((x) => [x]));
    expect(turned).toBeCloseTo((2 + 0) / 2, 5);
    expect(longer).toBeCloseTo(0, 5);
  });

  it("sums over maps, and knows no scale of theirs", async () => {
    const [twice] = await distances(featureDistance((x) => [x, mul(x, 7)]));
    expect(twice).toBeCloseTo(2, 5);
  });

  it("comes beside the squared error with its weight", async () => {
    const squared = await distances(squaredDistance);
    const both = await distances(perceptualDistance((x) => [x], 0.25));
    expect(both[0]).toBeCloseTo(squared[0]! + 0.25, 5);
    expect(both[1]).toBeCloseTo(squared[1]!, 5);
    expect(squared[0]).toBeCloseTo((49 + 1) / 4, 5);
  });
});
