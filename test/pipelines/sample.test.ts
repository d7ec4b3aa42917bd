// Pictures of every kind of model of pixels: the same whatever the batch, gone on with bit for bit, counted, refused.

import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { openDataset } from "../../src/io/dataset/index.js";
import { decodeImage } from "../../src/io/image.js";
import type { Reporter } from "../../src/pipelines/draw-request.js";
import { samplePictures } from "../../src/pipelines/sample.js";
import { NOTHING_TOLD } from "../../src/pipelines/sample-request.js";
import type { SampleRequest } from "../../src/pipelines/sample-request.js";
import { drawTeacher, teacherPacking, toPictures } from "../../src/training/teacher/index.js";
import { readTeacher } from "../../src/training/teacher/folder.js";
import { withThreads } from "../../src/training/run/threads.js";
import { floats } from "../../src/core/tensor.js";
import { writeTinyModels } from "../distillation/tiny-models.js";
import { writeTinyPictures, writeTinyTeacherModel } from "../training/tiny-teacher.js";

const runtime = withThreads(nodeRuntime(), 1);
let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-sample-"));
  await writeTinyModels(base);
  await writeTinyPictures(join(base, "pictures"));
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

const silent: Reporter = {
  start: () => undefined,
  step: () => undefined,
  note: () => undefined,
  finish: () => undefined,
};

const sample = (
  model: string,
  out: string,
  change: Partial<SampleRequest> = {},
  { reporter = silent, signal = new AbortController().signal } = {},
) =>
  samplePictures(
    { model: join(base, model), folder: join(base, out), count: 6, batch: 4, ...change },
    ...([reporter, signal, runtime] as const),
  );

/** Contents of a folder's pictures by their paths. */
async function filesOf(out: string): Promise<Map<string, Buffer>> {
  const names = await readdir(join(base, out), { recursive: true });
  const pictures = names.filter((name) => name.endsWith(".png")).sort();
  const read = pictures.map(async (name) => [name, await readFile(join(base, out, name))] as const);
  return new Map(await Promise.all(read));
}

/** The largest difference of two sets of pictures, in 1/255. */
async function difference(a: Map<string, Buffer>, b: Map<string, Buffer>): Promise<number> {
  expect([...b.keys()]).toEqual([...a.keys()]);
  let largest = 0;
  for (const [name, bytes] of a) {
    const [one, other] = [await decodeImage(bytes), await decodeImage(b.get(name)!)];
    one.data.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - other.data[i]!));
    });
  }
  return largest;
}

/** Pictures by their numbers, whatever folders they lie in. */
const byNumber = (files: Map<string, Buffer>): Map<string, Buffer> =>
  new Map([...files].map(([name, bytes]) => [basename(name), bytes] as const).sort());

describe.each([
  // Two rows a picture, for the tiny teacher is drawn with guidance.
  { model: "teacher", steps: 2, spent: { network: 4, predictor: 0, latentNetwork: 0 } },
  { model: "progressive", steps: 4, spent: { network: 4, predictor: 0, latentNetwork: 0 } },
  // Taught on a grid of four times to answer in one step.
  { model: "consistency", steps: 1, spent: { network: 1, predictor: 0, latentNetwork: 0 } },
  { model: "reference", steps: 4, spent: { network: 4, predictor: 0, latentNetwork: 0 } },
  { model: "latent", steps: 4, spent: { network: 4, predictor: 4, latentNetwork: 3 } },
])("$model", ({ model, steps, spent }) => {
  it("is drawn from as its folder says, each class in turn, whatever the batch", async () => {
    const report = await sample(model, `${model}-4`);
    expect(report).toMatchObject({ steps, seed: 0, class: null, count: 6, made: 6 });
    expect(report.evaluations.picture).toEqual({ ...spent, encoder: 0 });
    // Two batches of four rows, of which six pictures are kept.
    expect(report.evaluations.total).toMatchObject({ network: 8 * spent.network });
    const { preparing, drawing, total } = report.seconds;
    expect(Math.min(preparing, drawing)).toBeGreaterThan(0);
    expect(preparing + drawing).toBeLessThanOrEqual(total);

    const files = await filesOf(`${model}-4`);
    const names = ["a/000000", "a/000003", "b/000001", "b/000004", "c/000002", "c/000005"];
    expect([...files.keys()]).toEqual(names.map((name) => `${name}.png`));
    expect(new Set([...files.values()].map((bytes) => bytes.toString("hex"))).size).toBe(6);
    await sample(model, `${model}-1`, { batch: 1 });
    expect(await difference(files, await filesOf(`${model}-1`))).toBeLessThanOrEqual(1);
  }, 900_000);
});

describe("samples", () => {
  it("of a teacher are those of its sheets", async () => {
    const config = await writeTinyTeacherModel("v", join(base, "again"));
    const packing = teacherPacking(config);
    const { weights } = await readTeacher(join(base, "again"));
    const average = floats([packing.size], packing.pack(weights));
    const sheet = toPictures(await drawTeacher(config, { packing, average }, { runtime }));
    await sample("again", "as-sheet", { count: config.draw.count, seed: config.draw.seed });
    const files = [...(await filesOf("as-sheet"))].sort(([a], [b]) =>
      a.slice(2) < b.slice(2) ? -1 : 1,
    );
    for (const [i, [, bytes]] of files.entries()) {
      const { data } = await decodeImage(bytes);
      data.forEach((value, j) =>
        expect(Math.abs(value - sheet[i]!.data[j]!)).toBeLessThanOrEqual(1),
      );
    }
    expect(files).toHaveLength(config.draw.count);
  }, 900_000);

  it("of a teacher are drawn by the sampler that is asked for", async () => {
    const drawn = async (sampler: string) => {
      const report = await sample("teacher", `by-${sampler}`, { count: 2, steps: 4, sampler });
      return [report.sampler, await filesOf(`by-${sampler}`)] as const;
    };
    const [ddim, solver, ancestral] = [
      await drawn("ddim"),
      await drawn("dpm++2m"),
      await drawn("ancestral"),
    ];
    expect([ddim[0], solver[0], ancestral[0]]).toEqual([
      "ddim",
      "dpm++2m",
      expect.stringMatching(/^ancestral, fixed_/),
    ]);
    expect(solver[1]).not.toEqual(ddim[1]);
    expect(ancestral[1]).not.toEqual(ddim[1]);
  }, 900_000);

  it("are gone on with to the very bytes of a call that was not stopped", async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    const step = (done: number): void => {
      steps.push(done);
      controller.abort();
    };
    const stopped = sample(
      "consistency",
      "stopped",
      { count: 10 },
      {
        ...{ reporter: { ...silent, step }, signal: controller.signal },
      },
    );
    await expect(stopped).rejects.toThrow(/abort/);
    expect(steps).toEqual([4]);
    expect((await filesOf("stopped")).size).toBe(4);
    // One of a whole batch is lost besides, and a power cut left another empty.
    await rm(join(base, "stopped", "b", "000001.png"));
    await truncate(join(base, "stopped", "c", "000002.png"));
    const report = await sample("consistency", "stopped", { count: 10 });
    expect(report.made).toBe(8);
    await sample("consistency", "unbroken", { count: 10 });
    const [broken, whole] = [await filesOf("stopped"), await filesOf("unbroken")];
    expect(broken).toEqual(whole);
    expect((await readdir(join(base, "stopped"))).sort()).toEqual(["a", "b", "c", "sample.json"]);
    const nothing = await sample("consistency", "stopped", { count: 10 });
    expect(nothing).toMatchObject({ made: 0, evaluations: { total: { network: 0 } } });
  }, 900_000);

  it("are a data set, in classes or of one class alone", async () => {
    await sample("progressive", "set");
    const set = await openDataset(join(base, "set"));
    expect([set.count, set.size, set.classes]).toEqual([6, 8, ["a", "b", "c"]]);
    await set.close();
    const one = await sample("progressive", "one", { className: "b", steps: 2, count: 3 });
    expect(one).toMatchObject({ class: "b", steps: 2 });
    expect([...(await filesOf("one")).keys()]).toEqual(["000000.png", "000001.png", "000002.png"]);
    // Picture 1 is of class b in both, and of another number of steps.
    await sample("progressive", "whole-steps", { className: "1", count: 3 });
    const [turn, alone] = [await filesOf("set"), await filesOf("whole-steps")];
    const only = (bytes: Buffer | undefined): Map<string, Buffer> => new Map([["it", bytes!]]);
    const [mine, its] = [only(alone.get("000001.png")), only(turn.get("b/000001.png"))];
    expect(await difference(mine, its)).toBeLessThanOrEqual(1);
    expect((await filesOf("one")).get("000001.png")).not.toEqual(alone.get("000001.png"));
  }, 900_000);

  it("are told what pictures show, by encoder or latent network", async () => {
    const like = join(base, "pictures", "train-images-idx3-ubyte");
    const report = await sample("semantic", "told", { like, count: 4 });
    expect(report.evaluations.picture).toEqual({
      ...{ network: 4, predictor: 4, latentNetwork: 0, encoder: 1 },
    });
    await sample("latent", "drawn", { count: 4 });
    await sample("progressive", "untold", { count: 4 });
    const [told, drawn, untold] = [
      await filesOf("told"),
      await filesOf("drawn"),
      await filesOf("untold"),
    ];
    // What is told has its classes of these pictures, which here are each in turn as well.
    expect([...told.keys()]).toEqual([0, 1, 2, 3].map((i) => `00000${i}.png`));
    expect(await difference(byNumber(told), byNumber(untold))).toBeGreaterThan(1);
    expect(await difference(byNumber(told), byNumber(drawn))).toBeGreaterThan(1);
    await expect(
      sample("semantic", "told", { like: join(base, "pictures", "none") }),
    ).rejects.toThrow(/none: no such file/);
  }, 900_000);

  it("follow guidance, at twice the evaluations", async () => {
    const report = await sample("latent", "guided", { cfg: 3, count: 4 });
    expect(report).toMatchObject({
      cfg: 3,
      evaluations: { picture: { network: 8, predictor: 8 } },
    });
    await sample("latent", "plain", { count: 4 });
    expect(await difference(await filesOf("guided"), await filesOf("plain"))).toBeGreaterThan(1);
  }, 900_000);

  it("follow attention guidance, at twice the evaluations, inside and outside of classes", async () => {
    const student = await sample("progressive", "attentive", {
      attentionGuidance: { scale: 3 },
      count: 4,
    });
    expect(student).toMatchObject({
      attentionGuidance: { scale: 3, threshold: 1 },
      evaluations: { picture: { network: 8 } },
    });
    await sample("progressive", "inattentive", { attentionGuidance: { scale: 1 }, count: 4 });
    const [guided, plain] = [await filesOf("attentive"), await filesOf("inattentive")];
    expect(await difference(guided, plain)).toBeGreaterThan(1);
    // Two rows for the classes, twice.
    const teacher = await sample("teacher", "attentive-classes", {
      attentionGuidance: { scale: 3 },
      count: 4,
    });
    expect(teacher.evaluations.picture.network).toBe(8);
    // No place is attended to so much: nothing is blurred, and there is nothing to be led away from.
    const idle = { scale: 3, threshold: 1000, blur: { kernel: 3, sigma: 1 } };
    const report = await sample("progressive", "idle", { attentionGuidance: idle, count: 4 });
    expect(report.attentionGuidance).toMatchObject(idle);
    await sample("progressive", "idler", { attentionGuidance: { ...idle, scale: 2 }, count: 4 });
    const [three, two] = [await filesOf("idle"), await filesOf("idler")];
    expect(await difference(three, two)).toBeLessThanOrEqual(1);
    expect(await difference(three, guided)).toBeGreaterThan(1);
  }, 900_000);

  it("are told nothing where zeros are asked for", async () => {
    const report = await sample("latent", "zeros", { like: NOTHING_TOLD, count: 4 });
    expect(report.evaluations.picture).toEqual({
      ...{ network: 4, predictor: 4, latentNetwork: 0, encoder: 0 },
    });
    await sample("latent", "not-zeros", { count: 4 });
    expect(await difference(await filesOf("zeros"), await filesOf("not-zeros"))).toBeGreaterThan(1);
  }, 900_000);

  it("of a consistency student are of any number of steps, of others with a warning or not", async () => {
    const notes: string[] = [];
    const reporter = { ...silent, note: (line: string): void => void notes.push(line) };
    expect(await sample("consistency", "three", { steps: 3 }, { reporter })).toMatchObject({
      steps: 3,
    });
    expect(notes).toEqual([]);
    await sample("progressive", "two", { steps: 2 }, { reporter });
    expect(notes).toEqual([expect.stringMatching(/warning: 2 steps .* trained for 4/)]);
  }, 900_000);
});

describe("refused are", () => {
  it.each<[string, string, Partial<SampleRequest>, RegExp]>([
    [
      "steps between",
      "progressive",
      { steps: 3 },
      /--steps: expected one of 1, 2, 4 .*got 3.*i \/ 4/,
    ],
    ["steps beyond", "reference", { steps: 8 }, /got 8/],
    [
      "an unknown class",
      "teacher",
      { className: "d" },
      /expected one of a, b, c, or a number .*"d"/,
    ],
    ["a class beyond", "teacher", { className: "3" }, /from 0 to 2, got "3"/],
    ["nothing to tell", "semantic", {}, /expected a latent network or --like/],
    ["pictures without an encoder", "teacher", { like: "x" }, /--like: expected none/],
    [
      "an unknown sampler",
      "teacher",
      { sampler: "euler" },
      /one of ddim, ancestral, dpm\+\+2m for/,
    ],
    [
      "a student's sampler",
      "consistency",
      { sampler: "ddim" },
      /expected renoise .* a student, got "ddim"/,
    ],
    [
      "attention guidance of a predictor",
      "latent",
      { attentionGuidance: { scale: 1.3 } },
      /--attention-guidance: expected 1 for .*latent, which has a predictor, got 1.3/,
    ],
    [
      "a threshold without guidance",
      "progressive",
      { attentionGuidance: { scale: 1, threshold: 2 } },
      /--attention-guidance: expected a scale above 1 beside a threshold/,
    ],
    [
      "a blur that reaches beyond the picture",
      "progressive",
      { attentionGuidance: { scale: 2, blur: { kernel: 99, sigma: 3 } } },
      /blur: expected an odd kernel below .*got kernel 99/,
    ],
    [
      "an unknown site",
      "progressive",
      { attentionGuidance: { scale: 2, site: "up.9" } },
      /--attention-site: expected one of .*progressive, got "up.9"/,
    ],
    ["a folder that is not there", "nowhere", {}, /expected the folder .*got none of that name/],
    ["pictures", "pictures", {}, /expected the folder of a teacher or a student/],
  ])("%s", async (_, model, change, message) => {
    await expect(sample(model, "refused", change)).rejects.toThrow(message);
    expect(await readdir(base)).not.toContain("refused");
  });

  it("another model, seed, or number of steps in a folder, and a folder of other files", async () => {
    await sample("consistency", "mine", { count: 1 });
    const again = (model: string, change: Partial<SampleRequest>) =>
      sample(model, "mine", { count: 1, ...change });
    await expect(again("latent", {})).rejects.toThrow(/expected model \w{12}, as .*got \w{12}/);
    await expect(again("progressive", {})).rejects.toThrow(/expected sampler renoise, .*got ddim/);
    await expect(again("consistency", { seed: 1 })).rejects.toThrow(/expected seed 0, .*got 1/);
    await expect(again("consistency", { steps: 2 })).rejects.toThrow(/expected steps 1, .*got 2/);
    await expect(again("consistency", { className: "a" })).rejects.toThrow(/expected class null/);
    const attentionGuidance = { scale: 2 };
    await expect(again("consistency", { attentionGuidance })).rejects.toThrow(
      /expected attentionGuidance null, .*got 2, threshold 1, blur \d+,[\d.]+, site/,
    );
    await expect(sample("teacher", "pictures")).rejects.toThrow(/expected an empty folder/);
    await writeFile(join(base, "mine", "sample.json"), "{");
    await expect(again("consistency", {})).rejects.toThrow(/sample.json: expected JSON/);
  }, 900_000);

  it("a model of words, with what to use instead", async () => {
    const stage = { model: "models/stage", folder: join(base, "refused"), count: 1 };
    await expect(
      samplePictures(stage, silent, new AbortController().signal, runtime),
    ).rejects.toThrow(/got the pipeline StableDiffusionPipeline.*followspot draw/);
  });
});
