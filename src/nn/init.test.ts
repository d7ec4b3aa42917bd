import { describe, expect, it } from "vitest";
import { Generator } from "../core/generator.js";
import { fanIn, initialise, normal, ONES, ZEROS } from "./init.js";
import { collectSpecs } from "./input-weights.js";
import { linear } from "./linear.js";
import { resblock } from "./resblock.js";
import type { WeightSpec } from "./weights.js";

function valuesOf(init: WeightSpec["init"], seed = 1n): Float32Array {
  const spec: WeightSpec = { name: "w", role: "linear", shape: [100, 100], init };
  return initialise([spec], new Generator(seed)).get("w")!.data;
}

const spread = (values: Float32Array): { mean: number; deviation: number } => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const square = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(square) };
};

describe("initialise", () => {
  it("draws uniforms within 1 / √fan-in on both sides of 0", () => {
    const values = valuesOf(fanIn(25));
    expect(Math.max(...values)).toBeLessThanOrEqual(0.2);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.2);
    const { mean, deviation } = spread(values);
    expect(mean).toBeCloseTo(0, 2);
    expect(deviation).toBeCloseTo(0.2 / Math.sqrt(3), 2);
  });

  it("draws normals of the given deviation", () => {
    const { mean, deviation } = spread(valuesOf(normal(0.02)));
    expect(mean).toBeCloseTo(0, 3);
    expect(deviation).toBeCloseTo(0.02, 3);
  });

  it("gives the same values for the same seed only", () => {
    expect(valuesOf(normal(1))).toEqual(valuesOf(normal(1)));
    expect(valuesOf(normal(1))).not.toEqual(valuesOf(normal(1), 2n));
  });

  it("starts norms at 1 and 0, and the last convolution of a residual block at 0", () => {
    const specs = collectSpecs((w) => {
      resblock(w, "r", w.graph.input("x", "float32", [1, 2, 2, 4]), { outChannels: 8, groups: 2 });
    });
    const made = initialise(specs, new Generator(3n));
    expect([...made.get("r.norm1.weight")!.data]).toEqual([1, 1, 1, 1]);
    expect([...made.get("r.norm1.bias")!.data]).toEqual([0, 0, 0, 0]);
    expect(made.get("r.conv2.weight")!.data.every((x) => x === 0)).toBe(true);
    expect(made.get("r.conv2.bias")!.data.every((x) => x === 0)).toBe(true);
    expect(made.get("r.conv1.weight")!.data.every((x) => x !== 0)).toBe(true);
  });

  it("takes a layer's own rule", () => {
    const rule = (init: typeof ONES) =>
      collectSpecs((w) => {
        linear(w, "l", w.graph.input("x", "float32", [1, 4]), 2, { init });
      }).map((spec) => spec.init);
    expect(rule(ONES)).toEqual([ONES, ZEROS]);
  });
});
