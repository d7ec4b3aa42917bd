import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { expectClose } from "../../test/closeness.js";
import { floats } from "../core/tensor.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import { linear } from "../nn/linear.js";
import { collectSpecs } from "../nn/input-weights.js";
import { Packing } from "../nn/packed-weights.js";
import { emaDecay } from "./ema.js";
import { meanSquaredError } from "./losses.js";
import { STATE_NAMES, trainingStep } from "./step.js";
import type { LossBuilder, StateName } from "./step.js";
import { Trainer, initialState } from "./trainer.js";

type GoldenStep = Readonly<Record<StateName | "x" | "y", readonly number[]>> &
  Readonly<Record<"learningRate" | "loss" | "gradientNorm", number>>;

interface Golden {
  readonly options: Readonly<Record<string, number>>;
  readonly emaDecay: number;
  readonly weight: readonly number[];
  readonly bias: readonly number[];
  readonly steps: readonly GoldenStep[];
}

const path = new URL("../../test/golden/training/optimiser.json", import.meta.url);
const golden = JSON.parse(readFileSync(fileURLToPath(path), "utf8")) as Golden;

const regression: LossBuilder = (weights, graph) => {
  const x = graph.input("x", "float32", [4, 3]);
  const y = graph.input("y", "float32", [4, 2]);
  return { loss: meanSquaredError(linear(weights, "layer", x, 2), y) };
};

describe("a training step", () => {
  it("takes the steps of PyTorch's AdamW, clipped, with a moving average", async () => {
    const packing = new Packing(collectSpecs((weights) => void regression(weights, weights.graph)));
    const { options, steps } = golden;
    const session = await nodeRuntime().compile(trainingStep(packing, regression, options), {
      threads: 1,
    });
    const start = new Map([
      ["layer.weight", floats([2, 3], golden.weight)],
      ["layer.bias", floats([2], golden.bias)],
    ]);
    const trainer = new Trainer(session, initialState(packing.pack(start)), {
      learningRate: (k) => steps[k - 1]!.learningRate,
      emaDecay: golden.emaDecay,
      beta1: options["beta1"]!,
      beta2: options["beta2"]!,
    });
    for (const step of steps) {
      const report = await trainer.step({ x: floats([4, 3], step.x), y: floats([4, 2], step.y) });
      expect(report["loss"]).toBeCloseTo(step.loss, 5);
      expect(report["gradientNorm"]).toBeCloseTo(step.gradientNorm, 5);
      for (const name of STATE_NAMES) {
        const own = packing.unpack(trainer.state[name].data);
        const flat = ["layer.weight", "layer.bias"].flatMap((key) => [...own.get(key)!.data]);
        expectClose(flat, step[name], { absolute: 1e-6, ofScale: 1e-6 });
      }
    }
    await session.release();
    // Both sides of the clipping are met.
    const norms = steps.map(({ gradientNorm }) => gradientNorm > options["clipNorm"]!);
    expect(new Set(norms).size).toBe(2);
  });
});

describe("emaDecay", () => {
  it("rises from a short memory to the wanted decay", () => {
    expect(emaDecay(0.999, 1)).toBeCloseTo(2 / 11);
    expect(emaDecay(0.5, 8)).toBe(0.5);
    expect(emaDecay(0.999, 1e6)).toBe(0.999);
  });
});
