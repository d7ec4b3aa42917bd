// A teacher's features in the loss of students of pixels: what they are, and their gradient by finite differences.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { floats, integers } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { logSnrSchedule } from "../../src/diffusion/index.js";
import { gridFeeds } from "../../src/distillation/index.js";
import { distillationSchema, roundsOf } from "../../src/distillation/run/config.js";
import { FEATURES_TIME, teacherFeatures } from "../../src/distillation/run/features.js";
import { roundLoss, roundPacking } from "../../src/distillation/run/round.js";
import { semanticSchema } from "../../src/distillation/semantic-run/config.js";
import { semanticPacking, semanticStepLoss } from "../../src/distillation/semantic-run/loss.js";
import { Graph } from "../../src/engine/graph.js";
import { unet2d } from "../../src/models/unet2d/index.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { PackedWeights } from "../../src/nn/packed-weights.js";
import type { Packing } from "../../src/nn/packed-weights.js";
import type { LossBuilder } from "../../src/training/step.js";
import { readTeacher } from "../../src/training/teacher/index.js";
import type { Teacher } from "../../src/training/teacher/index.js";
import { expectClose } from "../closeness.js";
import { runOnce } from "../models/goldens.js";
import { evaluate } from "../reference/index.js";
import { TINY_SIZE, writeTinyTeacherModel } from "../training/tiny-teacher.js";

const BATCH = 2;
const STEPS = 2;
let base: string;
let teacher: Teacher;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-features-"));
  await writeTinyTeacherModel("v", join(base, "teacher"));
  teacher = await readTeacher(join(base, "teacher"));
});

afterAll(() => rm(base, { recursive: true, force: true }));

const random = (seed: number, shape: readonly number[]): HostTensor<"float32"> =>
  new Generator(BigInt(seed)).randn(shape);

const common = {
  ...{ data: { path: "nowhere" }, budget: 24, flip: false, seed: 3, batch: BATCH },
  learning_rate: { peak: 0.01, floor: 0.001, warmup: 1 },
  ...{ weight_decay: 0, ema: { decay: 0 }, sample_every: 100, draw: { count: 2, seed: 1 } },
};

/** What is trained, and the loss that trains it. */
interface Task {
  readonly packing: Packing;
  readonly loss: LossBuilder;
}

const tasks: Readonly<Record<string, (features: number) => Task>> = {
  progressive: (features) => {
    const document = { kind: "distillation", parent: "none", ...common };
    const target = { kind: "progressive", substeps: 1, features };
    const rounds = { first: STEPS, last: STEPS };
    const config = distillationSchema.parse({ ...document, target, rounds });
    const [round] = roundsOf(config);
    const packing = roundPacking(config, teacher, round!);
    const parts = { parent: teacher, teacher: teacher.weights };
    return { packing, loss: roundLoss(config, parts, round!, packing) };
  },
  semantic: (features) => {
    const config = semanticSchema.parse({
      ...{ kind: "semantic", student: "none", teacher: "none", student_steps: STEPS, ...common },
      ...{
        target: { kind: "progressive", substeps: 1, features },
        encoder: { width: 8, latent_dim: 6 },
      },
    });
    const packing = semanticPacking(config, teacher);
    return { packing, loss: semanticStepLoss(config, { student: teacher, teacher }) };
  },
};

/** A task's loss, its gradient where that is asked for. */
function graphOf({ packing, loss: build }: Task, withGradient: boolean): Graph {
  const graph = new Graph();
  const weights = new PackedWeights(graph.input("parameters", "float32", [packing.size]), packing);
  const { loss } = build(weights, graph);
  graph.output("loss", loss);
  if (withGradient) graph.output("gradient", weights.gradient(loss));
  return graph;
}

function feedsOf({ packing }: Task): Record<string, HostTensor> {
  const pictures = [BATCH, TINY_SIZE, TINY_SIZE, 1];
  const grid = { kind: "progressive", steps: STEPS, substeps: 1 } as const;
  const point = random(3, [packing.size]).data.map((value) => 0.3 * value);
  return {
    parameters: floats([packing.size], point),
    ...{ pictures: random(1, pictures), noise: random(2, pictures) },
    classLabels: integers([BATCH], [0, 1]),
    ...gridFeeds([1, 2], {
      ...{ ...grid, schedule: logSnrSchedule({ kind: "cosine" }), weighting: "constant" },
    }),
  };
}

/** The loss and its slope along a direction, `by` away from the point; in float64. */
function exactly(task: Task, by = 0): { loss: number; slope: number } {
  const feeds = feedsOf(task);
  const direction = random(4, [task.packing.size]).data;
  const point = feeds.parameters!.data as Float32Array;
  const data = Float64Array.from(point, (value, i) => value + by * direction[i]!);
  const parameters = { dtype: "float32", shape: [data.length], data } as const;
  const made = evaluate(graphOf(task, true), { ...feeds, parameters });
  const slope = direction.reduce((sum, along, i) => sum + along * made.gradient!.data[i]!, 0);
  return { loss: made.loss!.data[0]!, slope };
}

async function lossOf(task: Task): Promise<number> {
  const made = await runOnce(graphOf(task, false), feedsOf(task));
  return (made.loss!.data as Float32Array)[0]!;
}

describe("the features of a teacher of pixels", () => {
  it("are what its whole network makes on its way down", () => {
    const graph = new Graph();
    const { unet } = teacher;
    const sample = graph.input("sample", "float32", [1, TINY_SIZE, TINY_SIZE, 1]);
    const classLabels = graph.input("classLabels", "int64", [1]);
    const features = teacherFeatures(graph, teacher, classLabels)(sample);
    const timestep = graph.constant(floats([1], [1000 * FEATURES_TIME - 1]));
    const known = new ConstantWeights(graph, teacher.weights);
    const { encoder } = unet2d(known, unet, { sample, timestep, classLabels });
    features.forEach((map, i) => graph.output(`features.${i}`, map));
    encoder.skips.forEach((map, i) => graph.output(`skips.${i}`, map));
    const made = evaluate(graph, {
      sample: random(5, [1, TINY_SIZE, TINY_SIZE, 1]),
      classLabels: integers([1], [1]),
    });
    expect(features).toHaveLength(4);
    features.forEach((_, i) => {
      const [seen, whole] = [made[`features.${i}`]!.data, made[`skips.${i}`]!.data];
      expectClose(seen, Array.from(whole), { relative: 1e-9, absolute: 1e-9 });
    });
  });
});

describe.each(Object.keys(tasks))("the loss of a %s student of pixels", (kind) => {
  const taskOf = tasks[kind]!;

  it("sees features by their weight", async () => {
    const [plain, half, whole] = [
      await lossOf(taskOf(0)),
      await lossOf(taskOf(0.5)),
      await lossOf(taskOf(1)),
    ];
    expect(half).toBeGreaterThan(plain);
    expect((whole - plain) / (half - plain)).toBeCloseTo(2, 3);
  });

  it("has the gradient of features that finite differences have", () => {
    const [step, task] = [1e-5, taskOf(1)];
    const expected = (exactly(task, step).loss - exactly(task, -step).loss) / (2 * step);
    expectClose([exactly(task).slope], [expected], { relative: 1e-5, absolute: 0 });
  });
});
