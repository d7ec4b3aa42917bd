// Stage B with a consistency target: the target network is all that answers, at rest, not the student alone.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import { clipped } from "../../src/diffusion/index.js";
import type { Latent, Level } from "../../src/diffusion/index.js";
import {
  combined,
  declareLevel,
  gridFeeds,
  levelFeeds,
  measureInformation,
  readSemanticModels,
  semanticSchema,
  taskOf,
} from "../../src/distillation/index.js";
import type { SemanticConfig } from "../../src/distillation/index.js";
import {
  semanticNetworks,
  semanticPacking,
  semanticStepLoss,
} from "../../src/distillation/semantic-run/loss.js";
import { Graph } from "../../src/engine/graph.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { initialise } from "../../src/nn/init.js";
import { PackedWeights } from "../../src/nn/packed-weights.js";
import { cutVector } from "../../src/training/pieces.js";
import { withThreads } from "../../src/training/run/threads.js";
import type { Teacher } from "../../src/training/teacher/index.js";
import { makeWeights, runOnce } from "../models/goldens.js";
import { writeTinyPictures } from "../training/tiny-teacher.js";
import { writeTinyTeacherWith } from "./tiny-models.js";

const runtime = withThreads(nodeRuntime(), 1);
const BATCH = 2;
const SHAPE = [BATCH, 8, 8, 1];
let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-semantic-consistency-"));
  await writeTinyPictures(join(base, "pictures"));
  for (const head of ["v", "x0"]) await writeTinyTeacherWith(join(base, head), { head });
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

const documentOf = (changes: object = {}) => ({
  ...{ kind: "semantic", student: join(base, "v"), teacher: join(base, "v"), student_steps: 2 },
  ...{ data: { path: join(base, "pictures") }, encoder: { width: 8, latent_dim: 6 } },
  target: { kind: "consistency", substeps: 1, loss: "constant" },
  ...{ budget: 24, flip: false, seed: 3, batch: BATCH, weight_decay: 0, ema: { decay: 0.5 } },
  learning_rate: { peak: 0.01, floor: 0.001, warmup: 1 },
  ...{ sample_every: 100, draw: { count: 2, seed: 1 } },
  ...changes,
});

const pictures = clipped(new Generator(1n).randn(SHAPE), 1);
const noise = new Generator(2n).randn(SHAPE);

/** The squared error that a step reports, its encoder and predictor and those of the target network given. */
async function reported(config: SemanticConfig, mine: Float32Array, its: Float32Array) {
  const models = await readSemanticModels(config);
  const { student } = models;
  const packing = semanticPacking(config, student);
  const graph = new Graph();
  const vector = graph.input("parameters", "float32", [packing.size]);
  const { report } = semanticStepLoss(config, models)(new PackedWeights(vector, packing), graph);
  graph.output("error", report!["error"]!);
  const grid = { kind: "consistency", schedule: student.schedule, steps: 2, substeps: 1 } as const;
  const made = await runOnce(graph, {
    ...{ pictures, noise, parameters: floats([packing.size], mine) },
    ...cutVector("average", floats([packing.size], its)),
    ...gridFeeds([2, 2], { ...grid, weighting: "constant" }),
  });
  return Number(made["error"]!.data[0]);
}

/** What student, encoder and predictor with such weights make of `x`, told the pictures. */
async function answer(
  config: SemanticConfig,
  student: Teacher,
  x: Latent,
  level: Level,
  its: Float32Array,
) {
  const packing = semanticPacking(config, student);
  const graph = new Graph();
  const vector = graph.input("parameters", "float32", [packing.size]);
  const networks = semanticNetworks(graph, new PackedWeights(vector, packing), config, student);
  const noisy = graph.input("x", "float32", SHAPE);
  const at = declareLevel(graph, "level", BATCH);
  const latent = networks.encode(graph.input("pictures", "float32", SHAPE));
  graph.output("x0", combined(networks, noisy, at, latent, config.factor));
  const parameters = floats([packing.size], its);
  const levels = levelFeeds("level", new Array<Level>(BATCH).fill(level));
  return (await runOnce(graph, { x, pictures, parameters, ...levels }))["x0"] as Latent;
}

const mixed = (a: number, x: Latent, b: number, y: Latent): Latent =>
  floats(
    SHAPE,
    x.data.map((value, i) => a * value + b * y.data[i]!),
  );

describe("stage B with a consistency target", () => {
  it("is held against what encoder and predictor at rest make of the teacher's next picture", async () => {
    const config = semanticSchema.parse(documentOf());
    const { student } = await readSemanticModels(config);
    const packing = semanticPacking(config, student);
    const mine = packing.pack(makeWeights(packing.specs));
    const its = mine.map((value) => 0.5 * value);
    // With a predictor that says nothing yet, the student answers alone.
    const silent = packing.pack(initialise(packing.specs, new Generator(5n)));
    // By hand: a DDIM step of the clipped teacher from t = 1 to t = 1/2, and the answer there.
    const [t, s] = [student.schedule.level(1), student.schedule.level(0.5)];
    const noisy = mixed(t.alpha, pictures, t.sigma, noise);
    const x0 = clipped(await answer(config, student, noisy, t, silent), 1);
    const ratio = s.sigma / t.sigma;
    const arrival = mixed(ratio, noisy, s.alpha - t.alpha * ratio, x0);
    const errorTo = async (target: Latent): Promise<number> => {
      const own = await answer(config, student, noisy, t, mine);
      const squares = own.data.map((value, i) => (value - target.data[i]!) ** 2);
      return squares.reduce((sum, value) => sum + value, 0) / squares.length;
    };
    const together = await errorTo(clipped(await answer(config, student, arrival, s, its), 1));
    const alone = await errorTo(clipped(await answer(config, student, arrival, s, silent), 1));
    const error = await reported(config, mine, its);
    expect(Math.abs(error - together)).toBeLessThan(1e-4 * together);
    expect(Math.abs(alone - together)).toBeGreaterThan(1e-2 * together);
    expect(Math.abs((await reported(config, mine, silent)) - alone)).toBeLessThan(1e-4 * alone);
  }, 900_000);

  it("trains and is measured, with the target network's predictor among its evaluations", async () => {
    // Student, predictor and teacher, and in the target student and predictor: two updates of batches of two.
    const task = taskOf(documentOf());
    expect(task.steps).toBe(2);
    const { done, trainer, packing } = await task.train({ runtime, folder: join(base, "run") });
    expect(done).toBe(true);
    const config = semanticSchema.parse(documentOf());
    const asked = { weights: packing.unpack(trainer.state.average.data), batches: 1 };
    const models = await readSemanticModels(config);
    const rows = await measureInformation(config, models, asked, { runtime });
    expect(rows.map(({ t }) => t)).toEqual([0.5, 1]);
    for (const { own } of rows) expect(own).toBeGreaterThan(0);
  }, 900_000);

  it("refuses a latent of the target, and a student that puts out pictures", async () => {
    expect(() => taskOf(documentOf({ source: "target" }))).toThrow(
      /source: expected data with a consistency target/,
    );
    const x0 = join(base, "x0");
    await expect(taskOf(documentOf({ student: x0, teacher: x0 })).check()).rejects.toThrow(
      /student: expected a network with head v or both for a consistency target, got x0/,
    );
    const progressive = { target: { kind: "progressive" }, student: x0, teacher: x0 };
    await taskOf(documentOf(progressive)).check();
  }, 900_000);
});
