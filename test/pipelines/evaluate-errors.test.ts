// Errors of every kind of pixel model on held-out pictures: against other ways to the same numbers, and in files.

import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addNoise, clipped } from "../../src/diffusion/index.js";
import { measureInformation, readSemanticModels } from "../../src/distillation/index.js";
import { semanticSchema } from "../../src/distillation/semantic-run/config.js";
import { decodeImage } from "../../src/io/image.js";
import { readJson } from "../../src/io/json.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { evaluateFitting } from "../../src/pipelines/evaluate-fitting.js";
import { readHeldOut } from "../../src/pipelines/evaluate-pictures.js";
import { maskSite } from "../../src/pipelines/evaluate-predictor.js";
import { readPixelModel } from "../../src/pipelines/sample-model.js";
import { writeRun } from "../../src/training/run/folder.js";
import { TeacherDenoiser, classCondition } from "../../src/training/teacher/index.js";
import { writeSemantic, writeStudent } from "../distillation/tiny-models.js";
import { TINY_SIZE } from "../training/tiny-teacher.js";
import {
  COUNT,
  TIMES,
  errorsIn,
  never,
  picturesIn,
  runtime,
  silent,
  writeErrorModels,
} from "./error-models.js";

let base: string;
let data: string;
let denoising: ReturnType<typeof errorsIn>["denoising"];
let fitting: ReturnType<typeof errorsIn>["fitting"];
let information: ReturnType<typeof errorsIn>["information"];

const at = (name: string): string => join(base, name);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-errors-"));
  await writeErrorModels(base);
  data = picturesIn(base);
  ({ denoising, fitting, information } = errorsIn(base));
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
      for (const target of ["taught", "teacher", "picture"] as const) {
        const { error, bias, variance } = spread![target];
        expect(bias + variance).toBe(error);
        const errors = students.map((student) => student[target].error);
        expect(error).toBeCloseTo(errors.reduce((sum, value) => sum + value, 0) / 3, 6);
        expect(variance).toBeGreaterThan(1e-4);
      }
    }
  }, 900_000);

  it("is to what the student was taught, which with as many teacher steps is the teacher's answer", async () => {
    const { steps } = (await readPixelModel(at("progressive"))).facts.student!;
    const [two, one] = [
      await fitting(["progressive"]),
      await fitting(["progressive"], { teacherSteps: steps }),
    ];
    for (const [i, { t, students }] of two.points.entries()) {
      const [plain] = one.points[i]!.students;
      // Off the student's own times its step ends below 0, and is shorter.
      if (t * steps >= 1) expect(plain!.taught.error).toBeCloseTo(plain!.teacher.error, 6);
      expect(students[0]!.teacher.error).toBe(plain!.teacher.error);
      if (t === 1) expect(students[0]!.taught.error).not.toBeCloseTo(plain!.taught.error, 4);
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

  /** What is told when students are measured. */
  async function notesOn(students: string[]): Promise<string[]> {
    const notes: string[] = [];
    const reporter = { ...silent, note: (line: string): void => void notes.push(line) };
    const its = { teacher: at("teacher"), students: students.map(at) };
    const request = { ...its, ...errorsIn(base).numbers, times: 1 };
    await evaluateFitting(request, reporter, never, runtime);
    return notes;
  }

  it("warns when students differ in more than their seeds", async () => {
    expect(await notesOn(["progressive", "consistency", "reference"])).toEqual([
      expect.stringMatching(/^warning: the students differ/),
    ]);
  }, 900_000);

  it("tells that a guided teacher walks without its guidance, and of no guidance where none was", async () => {
    const changes = { guidance: { scale: 1.3, blur: { kernel: 5, sigma: 1 } }, budget: 80 };
    await writeStudent("progressive", at("teacher"), at("guided"), changes);
    await writeSemantic(at("guided"), at("teacher"), at("told"));
    expect(await notesOn(["guided", "told"])).toEqual([
      expect.stringMatching(
        /^warning: .*guided was distilled .* attention guidance of 1\.3: "taught" is .* without$/,
      ),
    ]);
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
