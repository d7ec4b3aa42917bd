// The gradient of each target's loss: finite differences in float64, through the student alone.

import { describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { distillationLoss, frozenVector, gridFeeds } from "../../src/distillation/index.js";
import { TARGET_KINDS } from "../../src/distillation/index.js";
import type { TargetKind } from "../../src/distillation/index.js";
import { add, mul, reshape, sub, tanh } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import type { Tensors } from "../../src/engine/runtime/session.js";
import { attentionGuided } from "../../src/guidance/self-attention/index.js";
import type { Predict } from "../../src/guidance/self-attention/index.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import { linear } from "../../src/nn/linear.js";
import { Packing, PackedWeights } from "../../src/nn/packed-weights.js";
import type { Weights } from "../../src/nn/weights.js";
import { evaluate } from "../reference/index.js";
import { expectClose } from "../closeness.js";
import { runOnce } from "../models/goldens.js";
import { SCHEDULE } from "./gaussian.js";
import { goldenNetwork } from "./golden-network.js";

const BATCH = 2;
const PICTURE = [8, 8, 3] as const;
const SUBSTEPS = 2;

/** A small network with a velocity head. */
function smallStudent(weights: Weights): Predict {
  return (x, { alpha, sigma, timestep }) => {
    const time = mul(reshape(timestep, [-1, 1, 1, 1]), 1e-3);
    const hidden = tanh(add(linear(weights, "first", x, 5), time));
    const velocity = linear(weights, "second", hidden, 3);
    const per = [alpha, sigma].map((value) => reshape(value, [-1, 1, 1, 1]));
    return sub(mul(per[0]!, x), mul(per[1]!, velocity));
  };
}

const PACKING = new Packing(
  collectSpecs((weights) => {
    const { graph } = weights;
    const input = (name: string) => graph.input(name, "float32", [1]);
    const level = { alpha: input("alpha"), sigma: input("sigma"), timestep: input("timestep") };
    smallStudent(weights)(graph.input("x", "float32", [1, ...PICTURE]), level);
  }),
);

const random = (seed: number, shape: readonly number[]): HostTensor<"float32"> =>
  new Generator(BigInt(seed)).randn(shape);

function build(kind: TargetKind) {
  const graph = new Graph();
  const weights = new PackedWeights(graph.input("parameters", "float32", [PACKING.size]), PACKING);
  const average = (): Weights =>
    new PackedWeights(frozenVector(graph, PACKING, "parameters"), PACKING);
  const networks = {
    student: smallStudent(weights),
    teacher: attentionGuided(goldenNetwork, { clamp: 1, blur: { kernel: 5, sigma: 1 } }),
    average: kind === "consistency" ? smallStudent(average()) : undefined,
  };
  const shape = { batch: BATCH, picture: PICTURE, steps: 4, substeps: SUBSTEPS };
  const { loss } = distillationLoss(graph, kind, networks, shape);
  return { graph, loss, weights };
}

function feedsOf(kind: TargetKind): Record<string, HostTensor> {
  const shape = [BATCH, ...PICTURE];
  const grid = { kind, schedule: SCHEDULE, steps: 4, substeps: SUBSTEPS } as const;
  return {
    pictures: random(1, shape),
    noise: random(2, shape),
    ...gridFeeds([2, 4], { ...grid, weighting: "truncated-snr" }),
  };
}

const POINT = random(3, [PACKING.size]).data.map((value) => 0.3 * value);
const DIRECTION = random(4, [PACKING.size]).data;

/** The loss with `parameters` moved along the direction; the pieces that the target network reads move by `also`. */
function lossAt(kind: TargetKind, by: number, also = 0): number {
  const { graph, loss } = build(kind);
  graph.output("loss", loss);
  const moved = (distance: number) =>
    ({
      dtype: "float32",
      shape: [PACKING.size],
      data: Float64Array.from(POINT, (value, i) => value + distance * DIRECTION[i]!),
    }) as const;
  const feeds = { ...feedsOf(kind), parameters: moved(by), "parameters.0": moved(also) };
  return evaluate(graph, feeds).loss!.data[0]!;
}

const STEP = 1e-5;
const difference = (f: (by: number) => number): number => (f(STEP) - f(-STEP)) / (2 * STEP);

describe.each(TARGET_KINDS)("the gradient of the %s loss", (kind) => {
  it("is the finite difference of the student, teacher and target network at rest", async () => {
    const { graph, loss, weights } = build(kind);
    graph.output("gradient", weights.gradient(loss));
    const point = floats([PACKING.size], POINT);
    const feeds = { ...feedsOf(kind), parameters: point };
    const pieces: Tensors = kind === "consistency" ? { "parameters.0": point } : {};
    const slope = (values: ArrayLike<number>): number =>
      DIRECTION.reduce((sum, along, i) => sum + along * values[i]!, 0);
    const expected = difference((by) => lossAt(kind, by));
    const exact = evaluate(graph, { ...feeds, "parameters.0": point });
    expectClose([slope(exact["gradient"]!.data)], [expected], { relative: 1e-6, absolute: 0 });
    const made = await runOnce(graph, { ...feeds, ...pieces });
    expectClose([slope(made["gradient"]!.data as Float32Array)], [expected], {
      relative: 1e-3,
      absolute: 0,
    });
  });
});

describe("the target network of consistency", () => {
  it("would change the gradient if it were differentiated", () => {
    const resting = difference((by) => lossAt("consistency", by));
    const moving = difference((by) => lossAt("consistency", by, by));
    expect(Math.abs(moving - resting)).toBeGreaterThan(0.05 * Math.abs(resting));
  });
});
