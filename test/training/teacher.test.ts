// Teachers whole: trained by the service, drawn from, exported as folders that diffusers draws the same pictures from.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { floats } from "../../src/core/tensor.js";
import {
  clipping,
  continuously,
  levelAt,
  makeSchedule,
  readSchedulerConfig,
  sampleToEnd,
} from "../../src/diffusion/index.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { decodeImage } from "../../src/io/image.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { resolveTraining, train } from "../../src/pipelines/train.js";
import type { TrainRequest } from "../../src/pipelines/train-request.js";
import { listPresets, readDocument } from "../../src/training/run/document.js";
import {
  classCondition,
  drawTeacher,
  readTeacher,
  TeacherDenoiser,
  teacherPacking,
  teacherSchema,
} from "../../src/training/teacher/index.js";
import { expectClose } from "../closeness.js";
import { makeWeights, readTensors } from "../models/goldens.js";
import {
  TINY_SIZE,
  TINY_TEACHERS,
  tinyTeacherDocument,
  writeTinyPictures,
  writeTinyTeacher,
  writeTinyTeacherModel,
} from "./tiny-teacher.js";

const STEPS = 4;

let base: string;
let config: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-teacher-"));
  config = await writeTinyTeacher(base, STEPS);
});

afterAll(() => rm(base, { recursive: true, force: true }));

/** Trains on one thread; `interruptAt` aborts when that many steps of this process are done. */
async function runService(request: Partial<TrainRequest>, interruptAt?: number) {
  const notes: string[] = [];
  const controller = new AbortController();
  let training = false;
  const reporter = {
    start: (_total: number, label: string) => void (training = label.startsWith("training")),
    step: (done: number) => {
      if (training && done === interruptAt) controller.abort();
    },
    note: (line: string) => void notes.push(line),
    finish: () => undefined,
  };
  const whole: TrainRequest = { config, overrides: {}, threads: 1, ...request };
  return { notes, result: await train(whole, reporter, controller.signal) };
}

describe("a teacher's run", () => {
  it("leaves statistics, a sheet and a model, and the same bytes when it was stopped", async () => {
    const [whole, stopped] = [join(base, "whole"), join(base, "stopped")];
    const { result, notes } = await runService({ folder: whole });
    expect(result).toMatchObject({ steps: STEPS, unfinished: false, model: join(whole, "model") });
    expect(notes).toContain(`samples at step ${STEPS}: samples-00000004.png`);
    const sheet = await decodeImage(join(whole, "samples-00000004.png"));
    expect([sheet.width, sheet.height]).toEqual([2 * TINY_SIZE + 24, 2 * TINY_SIZE + 24]);
    const stats = JSON.parse(await readFile(join(whole, "stats.jsonl"), "utf8")) as object;
    expect(stats).toMatchObject({ step: STEPS, squared: expect.any(Number) as number });

    const first = await runService({ folder: stopped }, 2);
    expect(first.result).toMatchObject({ steps: 2, unfinished: true });
    const second = await runService({ resume: stopped });
    expect(second.result).toMatchObject({ steps: STEPS, unfinished: false });
    for (const name of ["checkpoint-00000004.safetensors", "samples-00000004.png"]) {
      const [one, two] = await Promise.all(
        [whole, stopped].map((run) => readFile(join(run, name))),
      );
      expect(two!.equals(one!), name).toBe(true);
    }
    const teacher = await readTeacher(join(whole, "model"));
    expect(teacher).toMatchObject({ head: "v", size: TINY_SIZE });
    expect(teacher.facts).toMatchObject({ role: "teacher", classes: ["0", "1", "2"] });

    // Other pictures at the same place: nothing is trained on them silently.
    await writeTinyPictures(join(base, "pictures"), 5n);
    await expect(runService({ resume: stopped })).rejects.toThrow(
      /resume: data: expected the 10 pictures that the run began with, got 10 of other content/,
    );
    await writeTinyPictures(join(base, "pictures"));
  }, 300_000);

  it("is refused with classes that the pictures do not have, before there is a folder", async () => {
    const overrides = { "unet.num_class_embeds": 9 };
    await expect(runService({ folder: join(base, "wrong"), overrides })).rejects.toThrow(
      /unet.num_class_embeds: expected 4 for .*, got 9.*One row for each of the 3 classes/,
    );
    expect(await readdir(base)).not.toContain("wrong");
  });

  it("says which pictures are missing", async () => {
    const overrides = { "data.path": join(base, "nothing") };
    await expect(runService({ folder: join(base, "missing"), overrides })).rejects.toThrow(
      /data\.path: .*nothing, which is not there/,
    );
    expect(await readdir(base)).not.toContain("missing");
  });

  it("stops at a loss that is no number, says at which step, and keeps the last good state", async () => {
    const folder = join(base, "diverged");
    const overrides = { "learning_rate.peak": 1e30, "learning_rate.warmup": 0 };
    await expect(runService({ folder, overrides })).rejects.toThrow(
      /expected finite values, got \w+ = \S+ at step \d/,
    );
    const kept = (await readdir(folder)).filter((name) => name.startsWith("checkpoint-"));
    expect(kept).toHaveLength(1);
  });
});

describe("an exported teacher", () => {
  it.each(Object.keys(TINY_TEACHERS))(
    "of head %s is drawn from by diffusers as by us, in 10 steps",
    async (name) => {
      const folder = join(base, `model-${name}`);
      await writeTinyTeacherModel(name, folder);
      const golden = await readTensors("../unet2d/teacher");
      const { schedule, ...teacher } = await readTeacher(folder);
      const noise = golden.get(`${name}.noise`) as HostTensor<"float32">;
      const denoiser = await TeacherDenoiser.create({
        ...{ ...teacher, runtime: nodeRuntime(), shape: noise.shape },
        weights: (graph) => new ConstantWeights(graph, teacher.weights),
      });
      const drawn = await sampleToEnd({
        ...continuously({ schedule, sampler: "ddim" }),
        ...{ denoiser: clipping(denoiser), condition: classCondition(2, [2, 0]), steps: 10, noise },
      });
      await denoiser.release();
      expectClose(drawn, golden.get(`${name}.drawn`)!, { relative: 0, absolute: 2e-4 });

      const text = await readFile(join(folder, "scheduler", "scheduler_config.json"), "utf8");
      const discrete = makeSchedule(readSchedulerConfig(text));
      const theirs = golden.get(`${name}.alphas`)!.data;
      for (let i = 0; i < 1000; i++) {
        const expected = schedule.level((i + 1) / 1000).alpha ** 2;
        expect(Math.abs(Number(theirs[i]) ** 2 - expected)).toBeLessThan(2e-7);
        expect(Math.abs(levelAt(discrete, i).alpha ** 2 - expected)).toBeLessThan(6e-8);
      }
    },
  );
});

describe("drawing from a teacher", () => {
  it("gives a picture that does not depend on how many others there are", async () => {
    const document = tinyTeacherDocument("nowhere", 1);
    const draw = { ...document.draw, sampler: "ancestral", steps: 3 };
    const drawn = async (count: number) => {
      const its = teacherSchema.parse({ ...document, draw: { ...draw, count } });
      const packing = teacherPacking(its);
      const average = floats([packing.size], packing.pack(makeWeights(packing.specs)));
      return drawTeacher(its, { packing, average }, { runtime: nodeRuntime() });
    };
    const [one, three] = [await drawn(1), await drawn(3)];
    expectClose(one.data, three.data.slice(0, one.data.length), { relative: 0, absolute: 1e-5 });
    expect(Math.max(...three.data.map(Math.abs))).toBeLessThanOrEqual(1);
  });
});

describe("a teacher as a denoiser", () => {
  it("gives the maps that were asked for, each query's row summing to 1", async () => {
    const folder = join(base, "maps");
    await writeTinyTeacherModel("v", folder);
    const { weights, ...teacher } = await readTeacher(folder);
    const create = (read: readonly string[]) =>
      TeacherDenoiser.create({
        ...{ ...teacher, runtime: nodeRuntime(), shape: [2, TINY_SIZE, TINY_SIZE, 1], read },
        weights: (graph) => new ConstantWeights(graph, weights),
      });
    const denoiser = await create(["up.0.attn.1.self"]);
    const x = new Generator(2n).randn([2, TINY_SIZE, TINY_SIZE, 1]);
    const level = teacher.schedule.level(0.5);
    const ask = (site: string) =>
      denoiser.denoise(x, level, classCondition(2, [0, 3]), { read: [site] });
    const maps = (await ask("up.0.attn.1.self")).maps!["up.0.attn.1.self"]!;
    expect(maps.shape).toEqual([2, 16, 16]);
    for (let row = 0; row < 32; row++) {
      const sum = maps.data.slice(16 * row, 16 * (row + 1)).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(1, 5);
    }
    await expect(ask("mid.attn.0.self")).rejects.toThrow(
      /expected a site of up.0.attn.1.self, got mid.attn.0.self/,
    );
    await denoiser.release();
    await expect(create(["down.0"])).rejects.toThrow(/expected a site of down.1.attn.0.self, /);
  });
});

describe("the shipped configurations of teachers", () => {
  it("are valid, the papers' real sizes among them", async () => {
    const teachers: string[] = [];
    for (const preset of await listPresets()) {
      const { document } = await readDocument(preset);
      if (document["kind"] !== "teacher") continue;
      await resolveTraining({ config: preset, overrides: { "ema.decay": 0.999 } });
      teachers.push(preset);
    }
    expect(teachers).toEqual([
      "cifar10-paper",
      "cifar10-teacher",
      "imagenet64-paper",
      "mnist-teacher",
      "tiny-imagenet-20",
    ]);
  });
});
