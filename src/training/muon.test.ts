import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { expectClose } from "../../test/closeness.js";
import { Generator } from "../core/generator.js";
import { floats } from "../core/tensor.js";
import { tanh } from "../engine/functions.js";
import { Graph } from "../engine/graph.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import { conv } from "../nn/conv.js";
import { collectSpecs } from "../nn/input-weights.js";
import { linear } from "../nn/linear.js";
import { Packing } from "../nn/packed-weights.js";
import { meanSquaredError } from "./losses.js";
import { matrixShape, orthogonalise, takenByMuon } from "./muon.js";
import { trainingStep } from "./step.js";
import type { LossBuilder } from "./step.js";
import { Trainer, initialState } from "./trainer.js";

interface Golden {
  readonly options: Readonly<Record<string, number>>;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly start: Readonly<Record<string, readonly number[]>>;
  readonly steps: readonly {
    readonly learningRate: number;
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly loss: number;
    readonly gradientNorm: number;
    readonly parameters: Readonly<Record<string, readonly number[]>>;
  }[];
}

const path = new URL("../../test/golden/training/muon.json", import.meta.url);
const golden = JSON.parse(readFileSync(fileURLToPath(path), "utf8")) as Golden;

const regression: LossBuilder = (weights, graph) => {
  const x = graph.input("x", "float32", [2, 4, 4, 3]);
  const y = graph.input("y", "float32", [2, 4, 4, 2]);
  const wide = tanh(linear(weights, "wide", x, 7));
  const tall = tanh(linear(weights, "tall", wide, 4));
  const kernel = tanh(conv(weights, "kernel", tall, 5));
  return { loss: meanSquaredError(conv(weights, "conv_out", kernel, 2), y) };
};

describe("a training step with Muon", () => {
  it("takes the steps of PyTorch's Muon, and of AdamW where Muon leaves a weight to it", async () => {
    const packing = new Packing(collectSpecs((weights) => void regression(weights, weights.graph)));
    const taken = packing.specs.filter(takenByMuon).map(({ name }) => name);
    expect(taken).toEqual(["wide.weight", "tall.weight", "kernel.weight"]);
    const graph = trainingStep(packing, regression, { ...golden.options, matrices: "muon" });
    const session = await nodeRuntime().compile(graph, { threads: 1 });
    const shapes = new Map(packing.specs.map(({ name, shape }) => [name, shape]));
    const start = new Map(
      Object.entries(golden.start).map(([name, values]) => [
        name,
        floats(shapes.get(name)!, values),
      ]),
    );
    const trainer = new Trainer(session, initialState(packing.pack(start)), {
      learningRate: (k) => golden.steps[k - 1]!.learningRate,
      beta1: golden.options["beta1"]!,
      beta2: golden.options["beta2"]!,
    });
    for (const step of golden.steps) {
      const report = await trainer.step({
        x: floats([2, 4, 4, 3], step.x),
        y: floats([2, 4, 4, 2], step.y),
      });
      expect(report["loss"]).toBeCloseTo(step.loss, 4);
      expect(report["gradientNorm"]).toBeCloseTo(step.gradientNorm, 4);
      for (const [name, weight] of packing.unpack(trainer.state.parameters.data)) {
        expectClose(weight.data, step.parameters[name]!, { absolute: 2e-6, ofScale: 2e-6 });
      }
    }
    await session.release();
  });
});

describe("orthogonalise", () => {
  it.each([
    [6, 20],
    [20, 6],
  ])("brings the singular values of a %i x %i matrix near 1", async (rows, columns) => {
    const graph = new Graph();
    graph.output("y", orthogonalise(graph.input("x", "float32", [rows, columns])));
    const session = await nodeRuntime().compile(graph, { threads: 1 });
    const x = new Generator(3n).randn([rows, columns]);
    const { y } = await session.run({ x });
    await session.release();
    const side = Math.min(rows, columns);
    // The gram matrix of the shorter side: its trace is the sum of the squares of the singular values.
    const at = (i: number, k: number): number =>
      Number(y!.data[rows < columns ? i * columns + k : k * columns + i]);
    for (let i = 0; i < side; i++) {
      for (let j = 0; j <= i; j++) {
        let dot = 0;
        for (let k = 0; k < Math.max(rows, columns); k++) dot += at(i, k) * at(j, k);
        if (i === j) expect(Math.abs(dot - 0.85)).toBeLessThan(0.45);
        else expect(Math.abs(dot)).toBeLessThan(0.35);
      }
    }
  });
});

describe("matrixShape", () => {
  it("is what a weight reads by what it makes", () => {
    expect(matrixShape({ role: "linear", shape: [2, 7] })).toEqual([7, 2]);
    expect(matrixShape({ role: "convolution", shape: [5, 4, 3, 3] })).toEqual([36, 5]);
  });
});
