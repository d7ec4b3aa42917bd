// Pictures of every kind of model of pixels: the same whatever the batch, gone on with bit for bit, counted.

import { readdir, rm, truncate } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { floats } from "../../src/core/tensor.js";
import { openDataset } from "../../src/io/dataset/index.js";
import { decodeImage } from "../../src/io/image.js";
import { NOTHING_TOLD } from "../../src/pipelines/sample-request.js";
import { readTeacher } from "../../src/training/teacher/folder.js";
import { drawTeacher, teacherPacking, toPictures } from "../../src/training/teacher/index.js";
import { writeTinyTeacherModel } from "../training/tiny-teacher.js";
import { base, difference, filesOf, runtime, sample, silent } from "./sampling.js";

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
    await sample("progressive", "two", { steps: 2 }, { reporter });
    expect(notes).toEqual([
      expect.stringMatching(/warning: 3 steps .* they stop at times between/),
      expect.stringMatching(/warning: 2 steps .* trained for 4/),
    ]);
  }, 900_000);
});
