import { describe, expect, it } from "vitest";
import { expectClose } from "../../test/closeness.js";
import { Generator } from "../core/generator.js";
import { floats } from "../core/tensor.js";
import { mul, sum } from "../engine/functions.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import { initialise } from "../nn/init.js";
import { collectSpecs } from "../nn/input-weights.js";
import { linear } from "../nn/linear.js";
import { Packing } from "../nn/packed-weights.js";
import { cutVector, pieceName, piecesOf } from "./pieces.js";
import { trainingStep } from "./step.js";
import type { LossBuilder } from "./step.js";
import { Trainer, initialState } from "./trainer.js";

describe("piecesOf", () => {
  it("covers a vector without gap or overlap", () => {
    expect(piecesOf(5)).toEqual([{ start: 0, end: 5 }]);
    const pieces = piecesOf(600_000);
    expect(pieces.map(({ start, end }) => end - start)).toEqual([262144, 262144, 75712]);
    expect(pieces.slice(1).map(({ start }) => start)).toEqual([262144, 524288]);
  });
});

describe("cutVector", () => {
  it("gives views: what is written to a piece is written to the vector", () => {
    const vector = floats([300_000], new Float32Array(300_000));
    const pieces = cutVector("average", vector);
    expect(Object.keys(pieces)).toEqual(["average.0", "average.1"]);
    pieces[pieceName("average", 1)]!.data[3] = 7;
    expect(vector.data.indexOf(7)).toBe(262144 + 3);
  });
});

// Weights of 700 x 500 and 500 elements: the border of the matrices and that of the first piece lie inside pieces
// and weights.
const product: LossBuilder = (weights, graph) => {
  const x = graph.input("x", "float32", [3, 500]);
  const h = linear(weights, "first", x, 700);
  return { loss: sum(mul(linear(weights, "second", h, 500), x)) };
};

describe("a training step on several pieces", () => {
  it("is AdamW in float64 on the gradient that one piece would give", async () => {
    const packing = new Packing(collectSpecs((weights) => void product(weights, weights.graph)));
    expect(piecesOf(packing.size).length).toBeGreaterThan(2);
    const generator = new Generator(5n);
    const start = packing.pack(initialise(packing.specs, generator));
    const x = generator.randn([3, 500]);
    const session = await nodeRuntime().compile(trainingStep(packing, product), { threads: 1 });
    const rate = 0.1;
    const trainer = new Trainer(session, initialState(start), { learningRate: () => rate });
    const report = await trainer.step({ x });
    await session.release();
    const { parameters, firstMoment, secondMoment, average } = trainer.state;
    // After one step m = (1 - β1) g and v = (1 - β2) g², with g the clipped gradient.
    const gradient = Float64Array.from(firstMoment.data, (m) => m / (1 - 0.9));
    const norm = Math.sqrt(gradient.reduce((total, g) => total + g * g, 0));
    expect(report["gradientNorm"]).toBeGreaterThan(1);
    expect(norm).toBeCloseTo(1, 4);
    expectClose(
      secondMoment.data,
      gradient.map((g) => 0.001 * g * g),
      { relative: 1e-5, absolute: 1e-18 },
    );
    const moved = gradient.map((g, i) => {
      const kept = start[i]! * (i < packing.decayed ? 1 - rate * 0.01 : 1);
      return kept - (rate * g) / (Math.abs(g) + 1e-8);
    });
    expectClose(parameters.data, moved, { relative: 1e-4, absolute: 1e-6 });
    const followed = moved.map((theta, i) => start[i]! + (1 - 2 / 11) * (theta - start[i]!));
    expectClose(average.data, followed, { relative: 1e-4, absolute: 1e-6 });
  });
});
