// Distribution matching: its gradients, and a student that comes to draw a known distribution.

import { describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { distributionLoss, levelFeeds } from "../../src/distillation/index.js";
import { add, mul, reciprocal, reshape, slice, tanh } from "../../src/engine/functions.js";
import { gradient } from "../../src/engine/gradient.js";
import { Graph } from "../../src/engine/graph.js";
import type { Value } from "../../src/engine/graph.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { Predict } from "../../src/guidance/self-attention/index.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import { linear } from "../../src/nn/linear.js";
import { Packing, PackedWeights } from "../../src/nn/packed-weights.js";
import { ZEROS } from "../../src/nn/init.js";
import type { Weights, WeightSpec } from "../../src/nn/weights.js";
import { scoped } from "../../src/nn/weights.js";
import { Trainer, initialState } from "../../src/training/trainer.js";
import { trainingStep } from "../../src/training/step.js";
import { evaluate } from "../reference/index.js";
import { expectClose } from "../closeness.js";
import { DEVIATION, MEAN, PICTURE, SCHEDULE, exactPredict } from "./gaussian.js";
import { goldenNetwork } from "./golden-network.js";

const random = (seed: number, shape: readonly number[]): HostTensor<"float32"> =>
  new Generator(BigInt(seed)).randn(shape);

const per = (value: Value): Value => reshape(value, [-1, 1, 1, 1]);

describe("the gradient of distribution matching", () => {
  const BATCH = 2;
  const SHAPE = [8, 8, 3] as const;
  const small =
    (weights: Weights): Predict =>
    (x, { timestep }) => {
      const hidden = tanh(add(linear(weights, "first", x, 5), mul(per(timestep), 1e-3)));
      return linear(weights, "second", hidden, 3);
    };
  const inputs = (graph: Graph) => ({
    x: graph.input("x", "float32", [1, ...SHAPE]),
    level: Object.fromEntries(
      ["alpha", "sigma", "timestep"].map((name) => [name, graph.input(name, "float32", [1])]),
    ) as Record<"alpha" | "sigma" | "timestep", Value>,
  });
  const packing = new Packing(
    ["student", "fake"].flatMap((name) =>
      collectSpecs((weights) => {
        const { x, level } = inputs(weights.graph);
        small(scoped(weights, name))(x, level);
      }),
    ),
  );
  const point = random(3, [packing.size]).data.map((value) => 0.3 * value);
  const direction = random(4, [packing.size]).data;
  /** Whether each element is the student's. */
  const students = new Uint8Array(packing.size);
  for (const { name, shape } of packing.specs) {
    if (!name.startsWith("student.")) continue;
    const start = packing.offsetOf(name);
    students.fill(1, start, start + shape.reduce((product, extent) => product * extent, 1));
  }
  const levels = [SCHEDULE.level(0.3), SCHEDULE.level(0.8)];
  const feeds = {
    noise: random(1, [BATCH, ...SHAPE]),
    renoise: random(2, [BATCH, ...SHAPE]),
    weight: floats([BATCH], [2, 0.5]),
    ...levelFeeds("start", [SCHEDULE.level(1), SCHEDULE.level(1)]),
    ...levelFeeds("level", levels),
  };

  const build = () => {
    const graph = new Graph();
    const vector = graph.input("parameters", "float32", [packing.size]);
    const weights = new PackedWeights(vector, packing);
    const networks = {
      student: small(scoped(weights, "student")),
      fake: small(scoped(weights, "fake")),
      teacher: goldenNetwork.predict,
    };
    const { loss, made, step, denoising } = distributionLoss(graph, networks, {
      ...{ batch: BATCH, picture: SHAPE, clamp: 0.6 },
    });
    graph.output("gradient", gradient(loss, [vector])[0]!);
    for (const [name, value] of Object.entries({ made, step, denoising })) {
      graph.output(name, value);
    }
    return graph;
  };
  const at = (by: number, student: boolean) => {
    const data = Float64Array.from(point, (value, i) =>
      Boolean(students[i]) === student ? value + by * direction[i]! : value,
    );
    const parameters = { dtype: "float32", shape: [packing.size], data } as const;
    return evaluate(build(), { ...feeds, parameters });
  };
  const STEP = 1e-5;
  const slopeOf = (student: boolean): number => {
    const { data } = at(0, student)["gradient"]!;
    return direction.reduce(
      (sum, along, i) => (Boolean(students[i]) === student ? sum + along * data[i]! : sum),
      0,
    );
  };

  it("moves the student's pictures against the difference, by the chain rule", () => {
    const { step } = at(0, true);
    const [ahead, behind] = [at(STEP, true)["made"]!.data, at(-STEP, true)["made"]!.data];
    const moved = ahead.map((value, i) => (value - behind[i]!) / (2 * STEP));
    const along = moved.reduce((sum, value, i) => sum + value * step!.data[i]!, 0) / moved.length;
    expect(Math.abs(along)).toBeGreaterThan(1e-3);
    expectClose([slopeOf(true)], [along], { relative: 1e-6, absolute: 0 });
  });

  it("moves the fake network to denoise what the student draws, and by nothing else", () => {
    const error = (by: number): number => at(by, false)["denoising"]!.data[0]!;
    const expected = (error(STEP) - error(-STEP)) / (2 * STEP);
    expectClose([slopeOf(false)], [expected], { relative: 1e-6, absolute: 0 });
  });
});

describe("a student of a known distribution", () => {
  const BATCH = 64;
  const SCALE: WeightSpec = { name: "scale", role: "table", shape: [1, 2], init: ZEROS };

  /** Denoises normal numbers of a mean and a deviation that are learned: what is right for every such student. */
  const posterior =
    (weights: Weights): Predict =>
    (x, level) => {
      const own = weights.get({ ...SCALE, name: "fake" });
      const [mean, deviation] = [0, 1].map((i) => reshape(slice(own, 1, i, i + 1), [1, 1, 1, 1]));
      const [alpha, sigma] = [per(level.alpha), per(level.sigma)];
      const variance = mul(deviation!, deviation!);
      const noise = mul(sigma, sigma);
      const signal = add(mul(mul(alpha, variance), x), mul(noise, mean!));
      const total = add(mul(mul(alpha, alpha), variance), noise);
      return mul(signal, reciprocal(total));
    };
  /** mean + deviation z. */
  const line =
    (weights: Weights): Predict =>
    (x) => {
      const own = weights.get({ ...SCALE, name: "student" });
      const [mean, deviation] = [0, 1].map((i) => reshape(slice(own, 1, i, i + 1), [1, 1, 1, 1]));
      return add(mul(x, deviation!), mean!);
    };

  it("comes to draw it, from one of another mean and deviation", async () => {
    const packing = new Packing(["student", "fake"].map((name) => ({ ...SCALE, name })));
    const graph = trainingStep(
      packing,
      (weights, its) =>
        distributionLoss(
          its,
          { student: line(weights), fake: posterior(weights), teacher: exactPredict },
          { batch: BATCH, picture: PICTURE },
        ),
      {
        ...{ weightDecay: 0, clipNorm: 100 },
        rateOf: ({ name }) => (name === "student" ? 0.2 : 1),
      },
    );
    const session = await nodeRuntime().compile(graph, { threads: 1 });
    const start = new Float32Array(4);
    start.set([-0.6, 1], packing.offsetOf("student"));
    start.set([MEAN, DEVIATION], packing.offsetOf("fake"));
    const updates = 800;
    const trainer = new Trainer(session, initialState(start), {
      learningRate: (k) => 0.05 * 0.02 ** (k / updates),
      emaDecay: 0.9,
      beta2: 0.99,
    });
    const shape = [BATCH, ...PICTURE];
    for (let k = 1; k <= updates; k++) {
      const levels = Array.from({ length: BATCH }, (_, i) =>
        SCHEDULE.level(0.02 + (0.96 * (i + 0.5)) / BATCH),
      );
      const start = levels.map(() => SCHEDULE.level(1));
      await trainer.step({
        ...{ noise: random(2 * k, shape), renoise: random(2 * k + 1, shape) },
        weight: floats([BATCH], new Array<number>(BATCH).fill(1)),
        ...levelFeeds("start", start),
        ...levelFeeds("level", levels),
      });
    }
    await session.release();
    const { data } = trainer.state.average;
    const at = packing.offsetOf("student");
    const [mean, deviation] = [data[at]!, data[at + 1]!];
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.02);
    expect(Math.abs(Math.abs(deviation) - DEVIATION)).toBeLessThan(0.03);
  });
});
