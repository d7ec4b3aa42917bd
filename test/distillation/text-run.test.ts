// Distilling a text-to-image model, on a tiny one: what it is trained on, its gradient, and what it leaves.

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import { taskOf } from "../../src/distillation/index.js";
import { TextStudentBatches } from "../../src/distillation/text-run/batches.js";
import { textStudentSchema } from "../../src/distillation/text-run/config.js";
import type { TextStudentConfig } from "../../src/distillation/text-run/config.js";
import { exportTextStudent } from "../../src/distillation/text-run/export.js";
import { textStudentLoss, textStudentPacking } from "../../src/distillation/text-run/loss.js";
import { readTextParent } from "../../src/distillation/text-run/parent.js";
import type { TextParent } from "../../src/distillation/text-run/parent.js";
import { makeSchedule, schedulerConfig } from "../../src/diffusion/index.js";
import { gradient } from "../../src/engine/gradient.js";
import { Graph } from "../../src/engine/graph.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { Tensors } from "../../src/engine/runtime/session.js";
import { loadPipeline } from "../../src/index.js";
import { openSafetensors } from "../../src/io/safetensors.js";
import { initialise } from "../../src/nn/init.js";
import { PackedWeights } from "../../src/nn/packed-weights.js";
import { exportTextToImage } from "../../src/training/text-to-image/export.js";
import { textToImageSchema } from "../../src/training/text-to-image/config.js";
import { packingOf } from "../../src/training/text-to-image/train.js";
import { piecesOf, pieceName } from "../../src/training/pieces.js";
import { withThreads } from "../../src/training/run/threads.js";
import { tinyDocument, writeTinyPool, writeTinyRun } from "../training/tiny.js";

let base: string;
let model: string;
let parent: TextParent;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-text-run-"));
  model = join(base, "model");
  await writeTinyRun(base, 3);
  const config = textToImageSchema.parse(tinyDocument(base, 3));
  const packing = packingOf(config, { latentSize: 4, tokens: 24, text: undefined });
  const average = packing.pack(initialise(packing.specs, new Generator(8n)));
  // The network's last layer starts at zero, where nothing could be told apart.
  const noise = new Generator(9n).randn([packing.size]).data;
  average.forEach((value, i) => (average[i] = value + 0.1 * noise[i]!));
  const trained = { packing, average: floats([packing.size], average), step: 3 };
  await exportTextToImage(config, trained, model);
  parent = await readTextParent({ parent: model, cfg: 3 });
});

afterAll(() => rm(base, { recursive: true, force: true }));

function document(options: Record<string, unknown> = {}) {
  return {
    ...{ kind: "text-to-image-student", parent: model, scenes: { count: 12, seed: 1 } },
    ...{ target: { kind: "consistency" }, levels: 10, cfg: 3, seed: 4, batch: 4, steps: 3 },
    learning_rate: { peak: 0.001, floor: 0.0001, warmup: 1 },
    ...{ weight_decay: 0, ema_decay: 0.9, draw: { steps: 2 } },
    ...options,
  };
}

const configOf = (options?: Record<string, unknown>): TextStudentConfig =>
  textStudentSchema.parse(document(options));

const CAPTIONS = ["a red cube and a cat", "a cat", "a blue sphere", "on the grass"];

function batchOf(config: TextStudentConfig): Tensors {
  const latents = new Generator(2n).randn([4, 4, 4, 4]).data;
  const halves = Uint16Array.from(latents, (value) => (value > 0 ? 0x3800 : 0xb400));
  const data = {
    latents: { dtype: "float16", shape: [4, 4, 4, 4], data: halves } as const,
    captions: CAPTIONS,
  };
  return new TextStudentBatches(data, parent, config).at(1);
}

const needsAverage = ({ target }: TextStudentConfig): boolean =>
  target.kind === "consistency" || target.walked > 0;

/** The loss of a batch and its gradient at weights a little off the teacher's. */
async function lossAt(config: TextStudentConfig, moved = new Map<number, number>()) {
  const packing = textStudentPacking(parent);
  const names = new Map([...parent.weights].map(([name, value]) => [`unet.${name}`, value]));
  const vector = packing.pack(names);
  const noise = new Generator(5n).randn([packing.size]).data;
  vector.forEach((value, i) => (vector[i] = value + 0.05 * noise[i]! + (moved.get(i) ?? 0)));
  const graph = new Graph();
  const parameters = graph.input("parameters", "float32", [packing.size]);
  const weights = new PackedWeights(parameters, packing);
  const { loss } = textStudentLoss(parent, config, packing)(weights, graph);
  graph.output("loss", loss);
  graph.output("gradient", gradient(loss, [parameters])[0]!);
  const session = await nodeRuntime().compile(graph, { threads: 1 });
  const pieces = piecesOf(packing.size).map(
    ({ start, end }, i) =>
      [
        pieceName("average", i),
        floats([end - start], packing.pack(names).subarray(start, end)),
      ] as const,
  );
  const feeds = {
    parameters: floats([packing.size], vector),
    ...Object.fromEntries(needsAverage(config) ? pieces : []),
    ...batchOf(config),
  };
  const made = await session.run(feeds);
  await session.release();
  return { loss: Number(made["loss"]!.data[0]), gradient: made["gradient"]!.data as Float32Array };
}

/** Compares a gradient with finite differences where it is steepest, by ranks from 0. */
async function expectSlopes(
  config: TextStudentConfig,
  slope: Float32Array,
  ranks: readonly number[],
): Promise<void> {
  const order = [...slope.keys()].sort((a, b) => Math.abs(slope[b]!) - Math.abs(slope[a]!));
  const step = 0.01;
  for (const at of ranks.map((rank) => order[rank]!)) {
    const up = await lossAt(config, new Map([[at, step]]));
    const down = await lossAt(config, new Map([[at, -step]]));
    const difference = (up.loss - down.loss) / (2 * step);
    expect(Math.abs(difference - slope[at]!)).toBeLessThan(0.03 * Math.abs(slope[at]!) + 1e-3);
  }
}

it("is drawn in a number of steps whose times a progressive student knows", () => {
  const target = { kind: "progressive", substeps: 2 };
  expect(() => configOf({ target, levels: 2, draw: { steps: 4 } })).toThrow(
    /expected a divisor of levels, 2, for a progressive target, got 4/,
  );
  expect(configOf({ target, levels: 4, draw: { steps: 2 } }).levels).toBe(4);
});

describe("the loss of a text-to-image student", () => {
  it("has the gradient that finite differences have, edits and guidance included", async () => {
    const config = configOf({ edits: { share: 1 } });
    const { gradient: slope } = await lossAt(config);
    await expectSlopes(config, slope, [0, 20, 100]);
  });

  it("is another where the student walks to its pictures, and has their gradient", async () => {
    const target = (walked: number) => ({ target: { kind: "progressive", substeps: 2, walked } });
    const [noised, walked] = [await lossAt(configOf(target(0))), await lossAt(configOf(target(1)))];
    expect(Math.abs(walked.loss - noised.loss)).toBeGreaterThan(1e-4);
    await expectSlopes(configOf(target(1)), walked.gradient, [0]);
  });

  it("sees features where they have a weight, and has their gradient", async () => {
    const target = (features: number) => ({ target: { kind: "progressive", features } });
    const [plain, seen] = [await lossAt(configOf(target(0))), await lossAt(configOf(target(0.5)))];
    const twice = await lossAt(configOf(target(1)));
    expect(seen.loss).toBeGreaterThan(plain.loss);
    expect((twice.loss - plain.loss) / (seen.loss - plain.loss)).toBeCloseTo(2, 3);
    await expectSlopes(configOf(target(1)), twice.gradient, [0]);
  });

  it("changes with edits in their range, and in nothing where none is drawn", async () => {
    const plain = await lossAt(configOf());
    const unasked = await lossAt(configOf({ edits: { share: 0 } }));
    const directed = await lossAt(configOf({ edits: { share: 1, until: 1, strength: [8, 8] } }));
    const late = await lossAt(configOf({ edits: { share: 1, until: 0 } }));
    expect(unasked.loss).toBeCloseTo(plain.loss, 5);
    expect(late.loss).toBeCloseTo(plain.loss, 5);
    expect(Math.abs(directed.loss - plain.loss)).toBeGreaterThan(1e-4);
  });

  it("adds windows in their own range alone", async () => {
    const windows = { share: 1, until: 1, outside: 1, strength: [8, 8] };
    const plain = await lossAt(configOf());
    const never = await lossAt(configOf({ edits: { ...windows, lift: 0 } }));
    const always = await lossAt(configOf({ edits: { ...windows, lift: 1 } }));
    expect(never.loss).toBeCloseTo(plain.loss, 5);
    expect(Math.abs(always.loss - plain.loss)).toBeGreaterThan(1e-4);
  });

  it("is that of progressive students, too", async () => {
    const config = configOf({
      target: { kind: "progressive", substeps: 2 },
      levels: 5,
      draw: { steps: 5 },
    });
    expect((await lossAt(config)).loss).toBeGreaterThan(0);
  });
});

describe("its boxes", () => {
  it("follow from seed and step, and lie where no scene says", () => {
    const data = { latents: floats([4, 4, 4, 4], new Float32Array(256)), captions: CAPTIONS };
    const config = configOf({ edits: { share: 1, pairs: 1 } });
    const make = () => new TextStudentBatches(data as never, parent, config);
    expect(make().placementsAt(7)).toEqual(make().placementsAt(7));
    expect(make().placementsAt(7)).not.toEqual(make().placementsAt(8));
    const found = make()
      .placementsAt(7)
      .map(({ regions }) => regions);
    for (const { box, strength, tokens } of found.flat()) {
      expect(box[2] - box[0]).toBeGreaterThanOrEqual(0.25);
      expect(box[3] - box[1]).toBeLessThanOrEqual(0.5);
      expect(Math.min(...box)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...box)).toBeLessThanOrEqual(1);
      expect(strength).toBeGreaterThanOrEqual(0.5);
      expect(tokens.length).toBeGreaterThan(0);
    }
    // A caption that names nothing places nothing.
    expect(found.map(({ length }) => length > 0)).toContain(false);
  });
});

describe("a distilled text-to-image model", () => {
  let student: string;

  beforeAll(async () => {
    const run = join(base, "run");
    await writeTinyPool(run);
    const task = taskOf(document({ edits: {} }));
    const runtime = withThreads(nodeRuntime(), 1);
    const { packing, trainer, done } = await task.train({ runtime, folder: run });
    expect(done).toBe(true);
    student = join(base, "student");
    const { average } = trainer.state;
    await task.export({ packing, average, step: trainer.completed }, student, runtime);
  }, 120_000);

  it("is a pipeline whose scheduler is LCM's, and says whose student it is", async () => {
    const json = async (name: string) =>
      JSON.parse(await readFile(join(student, name), "utf8")) as Record<string, unknown>;
    expect(await json("scheduler/scheduler_config.json")).toMatchObject({
      _class_name: "LCMScheduler",
      original_inference_steps: 10,
      steps_offset: 1,
      prediction_type: "v_prediction",
    });
    expect(await json("model_index.json")).toMatchObject({
      scheduler: ["diffusers", "LCMScheduler"],
    });
    expect(await json("followspot.json")).toMatchObject({
      role: "student",
      parent: { digest: parent.digest },
      student: { guidance: 3, levels: 10 },
    });
  });

  it("has weights that say whose student they are, and of which noise", async () => {
    const path = join(student, "unet/diffusion_pytorch_model.safetensors");
    const { metadata } = await openSafetensors(path);
    expect(metadata).toMatchObject({ role: "student", parent: parent.digest });
    const schedule = JSON.parse(metadata["schedule"]!) as Record<string, unknown>;
    // Its noise is its parent's.
    expect(makeSchedule(schedulerConfig(schedule)).alphasCumprod).toEqual(
      parent.schedule.alphasCumprod,
    );
    expect(schedule).toMatchObject({ prediction_type: "v_prediction" });
  });

  it.each([1, 2, 4])("draws in %i steps, placed", async (steps) => {
    const pipeline = await loadPipeline(student);
    const boxes = [{ words: "cat", box: [0, 0, 0.5, 0.5] as const }];
    const [placed] = await pipeline.pictures({ prompt: "a cat", steps, boxes, seed: 3n });
    const [plain] = await pipeline.pictures({ prompt: "a cat", steps, seed: 3n });
    expect(placed!.picture.width).toBe(16);
    expect(placed!.picture.data).not.toEqual(plain!.picture.data);
    await pipeline.close();
  });

  /** The student's network alone, beside the model that has the rest. */
  async function loneStudent(): Promise<string> {
    const lone = join(base, "lone");
    await cp(student, lone, { recursive: true });
    for (const part of ["vae", "text_encoder", "tokenizer"]) {
      await rm(join(lone, part), { recursive: true });
    }
    const own = join(lone, "followspot.json");
    const facts = JSON.parse(await readFile(own, "utf8")) as object;
    await writeFile(own, JSON.stringify({ ...facts, parts_of: basename(model) }));
    return lone;
  }

  it("can be the parent of the next round, with its network alone and its guidance kept", async () => {
    const lone = await loneStudent();
    const again = {
      parent: lone,
      target: { kind: "progressive", substeps: 2 },
      levels: 5,
      cfg: 1,
      draw: { steps: 5 },
    };
    await expect(readTextParent({ parent: lone, cfg: 3 })).rejects.toThrow(/expected cfg 1 .* 3/);
    const next = await readTextParent({ parent: lone, cfg: 1 });
    expect([...next.text.weights]).toEqual([...parent.text.weights]);
    const packing = textStudentPacking(next);
    const names = new Map([...next.weights].map(([name, value]) => [`unet.${name}`, value]));
    const average = floats([packing.size], packing.pack(names));
    const folder = join(base, "next");
    await exportTextStudent(configOf(again), { packing, average, step: 1 }, folder);
    expect(JSON.parse(await readFile(join(folder, "followspot.json"), "utf8"))).toMatchObject({
      parent: { digest: next.digest },
      student: { guidance: 3, levels: 5 },
    });
    const pipeline = await loadPipeline(folder);
    const drawn = await pipeline.pictures({ prompt: "a cat", steps: 5, seed: 3n });
    expect(drawn[0]!.picture.width).toBe(16);
    await pipeline.close();
  });

  it("begins with another student's network where one is named, its network alone", async () => {
    const lone = await loneStudent();
    const run = join(base, "again");
    await writeTinyPool(run);
    const still = { learning_rate: { peak: 1e-12, floor: 1e-12, warmup: 1 }, steps: 1 };
    const task = taskOf(document({ ...still, start_from: lone }));
    const runtime = withThreads(nodeRuntime(), 1);
    const { packing, trainer } = await task.train({ runtime, folder: run });
    const { weights } = await readTextParent({ parent: lone, cfg: 1 });
    const named = new Map([...weights].map(([name, value]) => [`unet.${name}`, value]));
    const [began, wanted] = [trainer.state.average.data, packing.pack(named)];
    const furthest = wanted.map((value, i) => Math.abs(value - began[i]!));
    expect(furthest.reduce((most, value) => Math.max(most, value))).toBeLessThan(1e-7);
    const lost = taskOf(document({ ...still, start_from: "nowhere" }));
    await rm(join(run, "checkpoint-00000001.safetensors"));
    await expect(lost.train({ runtime, folder: run })).rejects.toThrow(/nowhere/);
  }, 120_000);

  it("draws the same with its network alone, beside the model that has the rest", async () => {
    const lone = await loneStudent();
    const pictures = await Promise.all(
      [student, lone].map(async (folder) => {
        const pipeline = await loadPipeline(folder);
        const [drawn] = await pipeline.pictures({ prompt: "a cat", steps: 2, seed: 3n });
        await pipeline.close();
        return drawn!.picture.data;
      }),
    );
    expect(pictures[1]).toEqual(pictures[0]);
  });

  it("refuses guidance and a negative prompt, and says why", async () => {
    const pipeline = await loadPipeline(student);
    const refused = (options: object) => pipeline.pictures({ prompt: "a cat", ...options });
    await expect(refused({ cfg: 4 })).rejects.toThrow(/cfg: expected 1 .* guidance of 3 distilled/);
    await expect(refused({ negative: "dog" })).rejects.toThrow(/no negative prompt .* teacher/);
    await expect(refused({ steps: 11 })).rejects.toThrow(/from 1 to 10 with lcm, got 11/);
    await pipeline.close();
  });
});
