// Errors of every kind of pixel model on held-out pictures: against other ways to the same numbers, in files, refused, stopped.

import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runWith } from "../../src/cli/test-context.js";
import { FollowspotError } from "../../src/core/errors.js";
import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import { addNoise, clipped } from "../../src/diffusion/index.js";
import { semanticSchema } from "../../src/distillation/semantic-run/config.js";
import { measureInformation, readSemanticModels } from "../../src/distillation/index.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { Runtime } from "../../src/engine/runtime/session.js";
import { decodeImage, encodePng } from "../../src/io/image.js";
import { readJson } from "../../src/io/json.js";
import { openSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import type { Reporter } from "../../src/pipelines/draw-request.js";
import { evaluateDenoising } from "../../src/pipelines/evaluate-denoising.js";
import type {
  DenoisingRequest,
  FittingRequest,
  InformationRequest,
} from "../../src/pipelines/evaluate-errors-request.js";
import { evaluateFitting } from "../../src/pipelines/evaluate-fitting.js";
import { evaluateInformation } from "../../src/pipelines/evaluate-information.js";
import { readHeldOut } from "../../src/pipelines/evaluate-pictures.js";
import { maskSite } from "../../src/pipelines/evaluate-predictor.js";
import { readPixelModel } from "../../src/pipelines/sample-model.js";
import { writeRun } from "../../src/training/run/folder.js";
import { withThreads } from "../../src/training/run/threads.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import {
  TEACHER_FILES,
  TeacherDenoiser,
  classCondition,
  exportTeacher,
  teacherPacking,
  teacherSchema,
} from "../../src/training/teacher/index.js";
import { writeTinyModels } from "../distillation/tiny-models.js";
import { makeWeights } from "../models/goldens.js";
import {
  TINY_SIZE,
  tinyTeacherDocument,
  writeTinyPictures,
  writeTinyTeacherModel,
} from "../training/tiny-teacher.js";

const runtime = withThreads(nodeRuntime(), 1);
const never = new AbortController().signal;
const COUNT = 7;
const TIMES = 4;
let base: string;
let data: string;

const silent: Reporter = {
  start: () => undefined,
  step: () => undefined,
  note: () => undefined,
  finish: () => undefined,
};

const at = (name: string): string => join(base, name);
const numbers = (): { data: string; count: number; times: number; batch: number } => ({
  ...{ data, count: COUNT, times: TIMES, batch: 3 },
});

const denoising = (models: string[], change: Partial<DenoisingRequest> = {}) =>
  evaluateDenoising({ models: models.map(at), ...numbers(), ...change }, silent, never, runtime);
const fitting = (students: string[], change: Partial<FittingRequest> = {}) =>
  evaluateFitting(
    { teacher: at("teacher"), students: students.map(at), ...numbers(), ...change },
    ...([silent, never, runtime] as const),
  );
const information = (model: string, change: Partial<InformationRequest> = {}) =>
  evaluateInformation(
    { model: at(model), data, batches: 2, batch: 4, ...change },
    ...([silent, never, runtime] as const),
  );

/** A teacher of another form with made-up weights. */
async function writeOther(folder: string, unet: object): Promise<void> {
  const tiny = tinyTeacherDocument("nowhere", 1);
  const config = teacherSchema.parse({ ...tiny, unet: { ...tiny.unet, ...unet } });
  const packing = teacherPacking(config);
  const average = floats([packing.size], packing.pack(makeWeights(packing.specs)));
  await exportTeacher(config, { packing, average, step: 1 }, folder);
}

/** Moves a model's weights a little; those of all tiny models are made up alike. */
async function disturb(folder: string, seed: bigint): Promise<void> {
  const path = join(folder, TEACHER_FILES.weights);
  const file = await openSafetensors(path);
  const generator = new Generator(seed);
  const moved = [...(await file.readAllFloat32())].map(([name, { shape, data: values }]) => {
    const by = generator.randn(shape).data;
    return [
      name,
      floats(
        shape,
        values.map((value, i) => value + 0.05 * by[i]!),
      ),
    ] as const;
  });
  await writeSafetensors(path, new Map(moved), file.metadata);
}

/** Four pictures as PNG files, grey or in colour. */
async function writeFolder(folder: string, side: number, grey: boolean): Promise<void> {
  await mkdir(folder);
  const generator = new Generator(8n);
  for (let i = 0; i < 4; i++) {
    const bytes = Uint8Array.from({ length: side * side * 3 }, () => 256 * generator.random());
    const pixels = grey ? bytes.map((_, j) => bytes[j - (j % 3)]!) : bytes;
    await writeFile(join(folder, `${i}.png`), await encodePng(pixels, side, side));
  }
}

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-errors-"));
  await writeTinyModels(base);
  await cp(at("teacher"), at("copy"), { recursive: true });
  for (const [i, name] of ["progressive", "consistency", "reference"].entries()) {
    await disturb(at(name), BigInt(i));
  }
  await writeTinyTeacherModel("x0", at("x0"));
  const plain = { down_block_types: ["DownBlock2D", "DownBlock2D"], add_attention: false };
  await writeOther(at("blind"), { ...plain, up_block_types: ["UpBlock2D", "UpBlock2D"] });
  await writeOther(at("colour"), { in_channels: 3, out_channels: 3 });
  await writeTinyPictures(at("pictures"));
  data = join(at("pictures"), "train-images-idx3-ubyte");
  await writeFolder(at("grey"), TINY_SIZE, true);
  await writeFolder(at("hues"), TINY_SIZE, false);
  await writeFolder(at("large"), 12, true);
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

/** What the teacher's own denoiser makes of the held-out pictures at t. */
async function teacherAt(t: number, read: readonly string[] = []) {
  const model = await readPixelModel(at("teacher"));
  const held = await readHeldOut([model], { data, count: COUNT }, never);
  const { unet, head, weights, schedule } = model.network;
  const denoiser = await TeacherDenoiser.create({
    ...{ runtime, unet, head, shape: held.pictures.shape, read },
    weights: (graph) => new ConstantWeights(graph, weights),
  });
  const level = schedule.level(t);
  const noisy = addNoise(held.pictures, held.noise, level);
  const condition = classCondition(COUNT, [...held.labels!]);
  const { x0, maps } = await denoiser.denoise(noisy, level, condition, { read });
  await denoiser.release();
  return { x0: clipped(x0, 1).data, maps, pictures: held.pictures.data };
}

const meanSquare = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length;

describe("denoising", () => {
  it("is what each model makes of the same noise, whatever the batch", async () => {
    const report = await denoising(["teacher", "copy", "progressive", "semantic"]);
    const [teacher, copy, progressive, semantic] = report.models;
    expect(copy!.points).toEqual(teacher!.points);
    expect(teacher!.points.map(({ t }) => t)).toEqual([0.25, 0.5, 0.75, 1]);
    for (const point of teacher!.points) {
      const { x0, pictures } = await teacherAt(point.t);
      expect(point.error).toBeCloseTo(meanSquare(x0, pictures), 6);
      expect(point).toMatchObject({ pictures: COUNT, trained: true });
    }
    expect(teacher!.points[1]!.logSnr).toBeCloseTo(0, 6);
    // The predictor stands on the progressive student, and adds to it.
    expect([progressive!.told, semantic!.told]).toEqual([false, true]);
    progressive!.points.forEach(({ error }, i) => {
      expect(semantic!.points[i]!.error).not.toBeCloseTo(error, 6);
    });
    const [other] = (await denoising(["semantic"], { batch: 7 })).models;
    other!.points.forEach(({ error }, i) => {
      expect(error).toBeCloseTo(semantic!.points[i]!.error, 5);
    });
    expect(report.data).toMatchObject({ count: COUNT, of: 10, size: TINY_SIZE, channels: 1 });
    expect(report.files).toEqual([]);
  }, 900_000);

  it("tells at which times a student was not trained, and follows the seed", async () => {
    const [student] = (await denoising(["consistency"], { times: 8 })).models;
    expect(student!.steps).toBe(4);
    expect(student!.points.map(({ trained }) => trained)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((i) => i % 2 === 0),
    );
    const [again] = (await denoising(["consistency"], { times: 8, seed: 1 })).models;
    expect(again!.points[3]!.error).not.toBe(student!.points[3]!.error);
  }, 900_000);

  it("is written as JSON and drawn", async () => {
    const output = join(at("out"), "denoising");
    const report = await denoising(["teacher", "consistency"], { output });
    const { files, ...rest } = report;
    expect(files).toEqual(["denoising.png", "denoising.json"].map((name) => join(output, name)));
    expect(await readJson(files[1]!)).toEqual(rest);
    const { data: bytes, width, height } = await decodeImage(files[0]!);
    expect([width, height]).toEqual([900, 560]);
    // The colours of two lines are there, and that of a third is not.
    const has = (...colour: number[]): boolean =>
      bytes.some((_, i) => i % 3 === 0 && colour.every((value, c) => bytes[i + c] === value));
    expect([has(0x1b, 0x6c, 0xa8), has(0xd1, 0x49, 0x5b), has(0x3a, 0x7d, 0x44)]).toEqual([
      ...[true, true, false],
    ]);
  }, 900_000);

  it("takes grey pictures from files, with no class where the set has none", async () => {
    const [teacher] = (await denoising(["teacher"], { data: at("grey"), count: 4 })).models;
    expect(teacher!.points.every(({ error }) => error > 0)).toBe(true);
    const large = await denoising(["teacher"], { data: at("large"), count: 4, fit: "cover" });
    expect(large.data.resizing).toBe("lanczos3, centre crop");
  }, 900_000);
});

describe("fitting error", () => {
  it("is none of a copy to its teacher, and splits into bias and variance", async () => {
    const report = await fitting(["copy", "progressive", "consistency"]);
    expect(report.points).toHaveLength(TIMES);
    for (const { students, teacher, spread } of report.points) {
      const [copy, progressive] = students;
      // With its maps in hand the teacher rounds otherwise.
      expect(copy!.teacher.error).toBeLessThan(1e-12);
      expect(copy!.picture.error).toBeCloseTo(teacher.error, 6);
      const [mine, its] = [copy!.picture, teacher].map(({ regions }) => regions.error.attention);
      expect(mine!.ratio).toBeCloseTo(its!.ratio, 5);
      expect(progressive!.teacher.error).toBeGreaterThan(1e-4);
      for (const target of ["teacher", "picture"] as const) {
        const { error, bias, variance } = spread![target];
        expect(bias + variance).toBe(error);
        const errors = students.map((student) => student[target].error);
        expect(error).toBeCloseTo(errors.reduce((sum, value) => sum + value, 0) / 3, 6);
        expect(variance).toBeGreaterThan(1e-4);
      }
    }
  }, 900_000);

  it("has the teacher's attention for masks, inside and outside of which is all of the error", async () => {
    const { points, site } = await fitting(["progressive"]);
    expect(site).toBe(maskSite(await readPixelModel(at("teacher"))));
    for (const { t, masked, teacher, students, spread } of points) {
      expect(spread).toBeUndefined();
      const { maps } = await teacherAt(t, [site]);
      const { shape, data: values } = maps![site]!;
      const cells = shape[2]!;
      let inside = 0;
      for (let picture = 0; picture < COUNT; picture++) {
        for (let key = 0; key < cells; key++) {
          let received = 0;
          for (let query = 0; query < cells; query++) {
            received += values[(picture * cells + query) * cells + key]!;
          }
          if (received > 1) inside += 1 / cells / COUNT;
        }
      }
      expect(masked).toBeCloseTo(inside, 6);
      expect(masked).toBeGreaterThan(0);
      expect(masked).toBeLessThan(1);
      for (const { error, regions } of [teacher, students[0]!.teacher, students[0]!.picture]) {
        const { attention, other, gradient } = regions.error;
        expect(masked * attention.inside + (1 - masked) * attention.outside).toBeCloseTo(error, 6);
        // The controls have the masks' area.
        expect(masked * other.inside + (1 - masked) * other.outside).toBeCloseTo(error, 6);
        expect(masked * gradient.inside + (1 - masked) * gradient.outside).toBeCloseTo(error, 6);
        expect(Number.isFinite(regions.relative.attention.ratio)).toBe(true);
      }
    }
  }, 900_000);

  it("is written as JSON and as two sheets, a row a time or a picture", async () => {
    const output = at("fitting");
    const { files, ...rest } = await fitting(["progressive", "consistency", "semantic"], {
      output,
    });
    const names = ["fitting-sheet.png", "fitting-maps.png", "fitting.json"];
    expect(files).toEqual(names.map((name) => join(output, name)));
    expect(await readJson(files[2]!)).toEqual(rest);
    const cell = 112 + 8;
    const [sheet, maps] = [await decodeImage(files[0]!), await decodeImage(files[1]!)];
    // Four pictures and two for each student; masks, the teacher, two for each student, bias and variance.
    expect([sheet.width, maps.width]).toEqual([8 + 10 * cell, 8 + 10 * cell]);
    expect(sheet.height).toBeGreaterThan(9 * cell);
    expect(maps.height).toBeGreaterThan(TIMES * cell);
  }, 900_000);

  it("warns when students differ in more than their seeds", async () => {
    const notes: string[] = [];
    const reporter = { ...silent, note: (line: string): void => void notes.push(line) };
    const students = ["progressive", "consistency", "reference"].map(at);
    const request = { teacher: at("teacher"), students, ...numbers(), times: 1 };
    await evaluateFitting(request, reporter, never, runtime);
    expect(notes).toEqual([expect.stringMatching(/^warning: the students differ/)]);
  }, 900_000);
});

describe("information", () => {
  const direct = async () => {
    const config = semanticSchema.parse({
      ...{ kind: "semantic", student: at("semantic"), teacher: at("teacher"), student_steps: 4 },
      ...{ target: { kind: "progressive" }, encoder: { width: 8, latent_dim: 6 }, budget: 24 },
      ...{ data: { path: data }, flip: false, seed: 0, batch: 4, weight_decay: 0 },
      ...{ learning_rate: { peak: 1, floor: 0, warmup: 0 }, ema: { decay: 0 } },
      ...{ sample_every: 1, draw: { count: 1, seed: 0 } },
    });
    const { semantic } = await readPixelModel(at("semantic"));
    const weights = new Map(
      Object.entries({
        semantic_encoder: semantic!.encoder.weights,
        gradient_predictor: semantic!.predictor.weights,
      }).flatMap(([part, its]) => [...its].map(([name, value]) => [`${part}.${name}`, value])),
    );
    const models = await readSemanticModels(config);
    return measureInformation(config, models, { weights, batches: 2 }, { runtime });
  };

  it("is that of the distillation, from a folder and its teacher or from a run", async () => {
    const output = at("information");
    const report = await information("semantic", { teacher: at("teacher"), output });
    expect(report.points).toMatchObject(await direct());
    for (const { own, shuffled, gain, standardError } of report.points) {
      expect(gain).toBeCloseTo(shuffled - own, 6);
      expect(standardError).toBeGreaterThan(0);
    }
    const { files, ...rest } = report;
    expect(await readJson(files[0]!)).toEqual(rest);

    await mkdir(at("run"));
    await cp(at("semantic"), join(at("run"), "model"), { recursive: true });
    const facts = { name: "x", followspot: "0", threads: 1, digests: ["d"] };
    await writeRun(at("run"), facts, {
      ...{ kind: "semantic", student: "gone", teacher: at("teacher"), student_steps: 4 },
      ...{ target: { kind: "progressive" }, encoder: { width: 8, latent_dim: 6 }, budget: 24 },
      ...{ data: { path: "gone", split: "train" }, flip: true, seed: 3, batch: 9 },
      ...{ learning_rate: { peak: 1, floor: 0, warmup: 0 }, weight_decay: 0, ema: { decay: 0 } },
      ...{ sample_every: 1, draw: { count: 1, seed: 0 } },
    });
    expect((await information("run")).points).toEqual(report.points);
    expect((await information(join("run", "model"))).points).toEqual(report.points);
  }, 900_000);
});

describe("refused are", () => {
  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "too few pictures",
      () => denoising(["teacher"], { count: 11 }),
      /expected at least 11 pictures, got 10.*--count/,
    ],
    [
      "pictures of another size",
      () => denoising(["teacher"], { data: at("large"), count: 4 }),
      /expected pictures of 8x8, as .*got 12x12.*--fit/,
    ],
    [
      "pictures in colour",
      () => denoising(["teacher"], { data: at("hues"), count: 4 }),
      /expected grey pictures/,
    ],
    ["a model of colour", () => denoising(["colour"]), /expected pictures of 3 channels.*got 1/],
    [
      "models of two forms",
      () => denoising(["teacher", "colour"]),
      /models of one size.*8x8x1 .*8x8x3/,
    ],
    [
      "models of two schedules",
      () => denoising(["teacher", "x0"]),
      /one size.*schedule.*cosine.*sigmoid/,
    ],
    ["a model twice", () => denoising(["teacher", "teacher"]), /each model once/],
    ["a folder that is not there", () => denoising(["nowhere"]), /got none of that name/],
    [
      "a data set that is not there",
      () => denoising(["teacher"], { data: at("nothing") }),
      /nothing: no such file/,
    ],
    [
      "a teacher without attention",
      () => fitting(["copy"], { teacher: at("blind") }),
      /blind: expected a teacher with self-attention/,
    ],
    [
      "a teacher with a predictor",
      () => fitting(["copy"], { teacher: at("semantic") }),
      /semantic: expected a network alone/,
    ],
    [
      "an unknown site",
      () => fitting(["copy"], { site: "up.9" }),
      /--site: expected one of down.*got "up.9"/,
    ],
    ["a student alone", () => information("progressive"), /expected a student with encoder/],
    ["a model without its teacher", () => information("semantic"), /--teacher/],
    [
      "another teacher",
      () => information("semantic", { teacher: at("progressive") }),
      /expected the teacher that .* followed, \w{12}, got \w{12}/,
    ],
    [
      "too few for the batches",
      () => information("semantic", { teacher: at("teacher"), batches: 3 }),
      /expected at least 12 pictures, got 10.*--batches/,
    ],
    [
      "an output in the place of a file",
      () => denoising(["teacher"], { output: data }),
      /train-images-idx3-ubyte/,
    ],
  ])("%s", async (_, run, message) => {
    const error: unknown = await run().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FollowspotError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("\n");
  });
});

/** A runtime that counts its sessions and calls `onRun` before each run. */
function counting(onRun: () => void) {
  const open = { count: 0, compiled: 0 };
  const counted: Runtime = {
    name: runtime.name,
    async compile(graph, options) {
      const session = await runtime.compile(graph, options);
      open.count++;
      open.compiled++;
      return {
        run: async (...asked) => (onRun(), session.run(...asked)),
        release: () => (open.count--, session.release()),
      };
    },
  };
  return { open, counted };
}

describe("whatever happens", () => {
  const fittingOf = (): FittingRequest => ({
    ...{ teacher: at("teacher"), students: ["progressive", "semantic"].map(at), ...numbers() },
  });

  it("sessions are released when a run fails or is stopped, and nothing is written", async () => {
    const failing = counting(() => {
      throw new Error("no memory");
    });
    await expect(evaluateFitting(fittingOf(), silent, never, failing.counted)).rejects.toThrow(
      "no memory",
    );
    let runs = 0;
    const controller = new AbortController();
    const stopped = counting(() => {
      if (++runs === 5) controller.abort();
    });
    const request = { ...fittingOf(), output: at("stopped") };
    await expect(
      evaluateFitting(request, silent, controller.signal, stopped.counted),
    ).rejects.toThrow(/abort/i);
    expect(runs).toBe(5);
    expect(await readdir(at("stopped"))).toEqual([]);
    for (const { open } of [failing, stopped]) {
      expect(open.count).toBe(0);
      expect(open.compiled).toBeGreaterThan(0);
    }
  }, 900_000);

  it("the information test stops too", async () => {
    const controller = new AbortController();
    const { open, counted } = counting(() => controller.abort());
    const request = { model: at("semantic"), teacher: at("teacher"), data, batches: 2, batch: 4 };
    await expect(evaluateInformation(request, silent, controller.signal, counted)).rejects.toThrow(
      /abort/i,
    );
    expect(open).toEqual({ count: 0, compiled: 1 });
  }, 900_000);
});

describe("the command line", () => {
  const services = {
    errors: () =>
      Promise.resolve({
        evaluateDenoising: (...asked: Parameters<typeof evaluateDenoising>) =>
          evaluateDenoising(asked[0], asked[1], asked[2], runtime),
        evaluateFitting: (...asked: Parameters<typeof evaluateFitting>) =>
          evaluateFitting(asked[0], asked[1], asked[2], runtime),
        evaluateInformation: (...asked: Parameters<typeof evaluateInformation>) =>
          evaluateInformation(asked[0], asked[1], asked[2], runtime),
      }),
  };
  const run = (...argv: string[]) => runWith(["evaluate", ...argv, "--data", data], { services });

  it("prints tables, tells what it wrote, and ends with 0", async () => {
    const models = ["--models", `${at("teacher")},${at("consistency")}`];
    const few = ["--count", "4", "--times", "2"];
    const denoised = await run("denoising", ...models, ...few, "-o", at("cli"));
    expect(denoised.code).toBe(0);
    expect(denoised.stdout).toMatch(/^t +log-SNR +teacher +consistency$/m);
    expect(denoised.stdout).toMatch(/^0\.5 +-?0\.00 +0\.\d+ ± 0\.\d+ +0\.\d+ ± 0\.\d+$/m);
    expect(denoised.stderr).toContain(`written: ${join(at("cli"), "denoising.png")}`);
    expect((await readFile(join(at("cli"), "denoising.json"), "utf8")).at(-1)).toBe("\n");

    const students = ["copy", "progressive", "consistency"].map(at).join(",");
    const fit = await run("fitting", "--teacher", at("teacher"), "--students", students, ...few);
    expect(fit.code).toBe(0);
    expect(fit.stdout).toMatch(/^0\.5 +copy +teacher +\d\.\d+e-1\d +\d/m);
    expect(fit.stdout).toContain("over 3 students:");
    expect(fit.stdout).toMatch(/^progressive to picture: .* at \d of 2 times$/m);

    const told = ["--model", at("semantic"), "--teacher", at("teacher"), "--batches", "1"];
    const test = await run("information", ...told, "--batch", "4", "--json");
    expect(test.code).toBe(0);
    expect(JSON.parse(test.stdout)).toMatchObject({ points: [{ t: 0.25 }, {}, {}, { t: 1 }] });
  }, 900_000);

  it("ends with 2 and a line on what is wrong", async () => {
    const { code, stdout, stderr } = await run("denoising", "--models", at("nowhere"));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/^error: model: .*nowhere/);
  });
});
