import { describe, expect, it } from "vitest";
import { Generator } from "../core/generator.js";
import { floats } from "../core/tensor.js";
import type { Value } from "../engine/graph.js";
import { Graph } from "../engine/graph.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import { ConstantWeights } from "./constant-weights.js";
import { groupNorm, layerNorm } from "./norm.js";
import type { Weights } from "./weights.js";

const ROWS = 64;
const CHANNELS = 8;
const GROUPS = 2;

async function normalised(
  layer: (w: Weights, x: Value) => Value,
  values: Float32Array,
): Promise<Float32Array> {
  const ones = floats([CHANNELS], new Float32Array(CHANNELS).fill(1));
  const weights = new Map([
    ["n.weight", ones],
    ["n.bias", floats([CHANNELS], new Float32Array(CHANNELS))],
  ]);
  const w = new ConstantWeights(new Graph(), weights);
  const x = floats([1, 8, 8, CHANNELS], values);
  w.graph.output("y", layer(w, w.graph.input("x", "float32", x.shape)));
  const session = await nodeRuntime().compile(w.graph);
  const { y } = await session.run({ x });
  await session.release();
  return y!.data as Float32Array;
}

/** Largest difference between `actual` and float64 normalisation over the sets that `setOf` gives. */
function worst(actual: Float32Array, values: Float32Array, setOf: (i: number) => number): number {
  const sets = new Map<number, number[]>();
  values.forEach((_, i) => sets.set(setOf(i), [...(sets.get(setOf(i)) ?? []), i]));
  const differences = [...sets.values()].flatMap((members) => {
    const mean = members.reduce((sum, i) => sum + values[i]!, 0) / members.length;
    const variance = members.reduce((sum, i) => sum + (values[i]! - mean) ** 2, 0) / members.length;
    const scale = 1 / Math.sqrt(variance + 1e-5);
    return members.map((i) => Math.abs(actual[i]! - (values[i]! - mean) * scale));
  });
  return Math.max(...differences);
}

const draw = (shift: number): Float32Array =>
  new Generator(5n).randn([ROWS * CHANNELS]).data.map((x) => x + shift);
const groupOf = (i: number): number => Math.floor((i % CHANNELS) / (CHANNELS / GROUPS));
const group = (w: Weights, x: Value): Value => groupNorm(w, "n", x, { groups: GROUPS });

describe("groupNorm", () => {
  it.each([
    [0, 1e-6],
    [10, 2e-4],
  ])("normalises each group, with a mean of %d deviations", async (shift, tolerance) => {
    const values = draw(shift);
    expect(worst(await normalised(group, values), values, groupOf)).toBeLessThan(tolerance);
  });

  it("gives finite values where the variance rounds below 0", async () => {
    const y = await normalised(group, new Float32Array(ROWS * CHANNELS).fill(1234.567));
    expect(y.every(Number.isFinite)).toBe(true);
  });
});

describe("layerNorm", () => {
  it("normalises each row, whatever its mean", async () => {
    const values = draw(100);
    const y = await normalised((w, x) => layerNorm(w, "n", x), values);
    expect(worst(y, values, (i) => Math.floor(i / CHANNELS))).toBeLessThan(1e-4);
  });
});
