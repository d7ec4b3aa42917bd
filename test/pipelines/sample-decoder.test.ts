// Encoder and predictor beside an undistilled teacher: all that asks for steps and times goes by the predictor's.

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJson, writeJson } from "../../src/io/json.js";
import { inspectModel } from "../../src/pipelines/inspect.js";
import { samplePictures } from "../../src/pipelines/sample.js";
import type { SampleRequest } from "../../src/pipelines/sample-request.js";
import { TEACHER_FILES, readTeacher } from "../../src/training/teacher/index.js";
import { DECODER_STEPS, writeDecoder } from "../distillation/tiny-models.js";
import { writeTinyPictures, writeTinyTeacherModel } from "../training/tiny-teacher.js";
import { errorsIn, never, picturesIn, runtime, silent } from "./error-models.js";

let base: string;
const at = (name: string): string => join(base, name);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-decoder-"));
  await writeTinyPictures(at("pictures"));
  await writeTinyTeacherModel("v", at("teacher"));
  await writeDecoder(at("teacher"), at("decoder"));
  // As folders were written before they told the predictor's steps.
  await cp(at("decoder"), at("older"), { recursive: true });
  const path = join(at("older"), TEACHER_FILES.facts);
  const facts = (await readJson(path)) as { semantic: { steps?: number } };
  delete facts.semantic.steps;
  await writeJson(path, facts);
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

const notes: string[] = [];
const sample = (model: string, out: string, change: Partial<SampleRequest> = {}) =>
  samplePictures(
    { model: at(model), folder: at(out), count: 2, like: picturesIn(base), ...change },
    { ...silent, note: (line) => void notes.push(line) },
    ...([never, runtime] as const),
  );

describe("a teacher with a predictor", () => {
  it("is drawn as the predictor was trained, not as the teacher is drawn alone", async () => {
    const { facts } = await readTeacher(at("decoder"));
    expect(facts.draw).toMatchObject({ steps: 2, cfg: 1.5 });
    const report = await sample("decoder", "usual");
    expect(report).toMatchObject({ steps: DECODER_STEPS, cfg: 1, sampler: "ddim" });
    expect(report.evaluations.picture).toMatchObject({ network: 3, predictor: 3 });
    // In one step it is asked for the data as in three.
    expect(await sample("decoder", "one", { steps: 1 })).toMatchObject({ steps: 1 });
    expect(notes).toEqual([]);
    await expect(sample("decoder", "two", { steps: 2 })).rejects.toThrow(
      /--steps: expected one of 1, 3 for a predictor of 3 steps, got 2.*i \/ 3/,
    );
    expect(await sample("decoder", "guided", { cfg: 2 })).toMatchObject({ cfg: 2 });
  }, 900_000);

  it("tells the times that the predictor was not trained at", async () => {
    const fit = await errorsIn(base).fitting(["decoder"], { times: 2 });
    expect(fit.points.map(({ students }) => students[0]!.trained)).toEqual([false, true]);
    expect(fit.students[0]!.steps).toBe(DECODER_STEPS);
    const [model] = (await errorsIn(base).denoising(["decoder"], { times: 6 })).models;
    expect(model!.points.map(({ trained }) => trained)).toEqual(
      [1, 2, 3, 4, 5, 6].map((i) => i % 2 === 0),
    );
  }, 900_000);

  it("is put to the information test by its folder and teacher alone", async () => {
    const { points } = await errorsIn(base).information("decoder", { teacher: at("teacher") });
    expect(points.map(({ t }) => t)).toEqual([1 / 3, 2 / 3, 1]);
    for (const { own, shuffled } of points) expect(shuffled).not.toBe(own);
  }, 900_000);

  it("says what the predictor was trained for", async () => {
    expect((await inspectModel(at("decoder"))).facts).toMatchObject({
      ...{ role: "teacher", "drawn with": "ddim, 3 steps" },
      "predictor trained for": "3 steps, target data",
    });
  });

  it("of a folder that does not tell, is drawn in the teacher's steps and not tested", async () => {
    expect(await sample("older", "older-usual")).toMatchObject({ steps: 2, cfg: 1 });
    const { information } = errorsIn(base);
    await expect(information("older", { teacher: at("teacher") })).rejects.toThrow(
      /expected a folder that tells its predictor's steps, got one without/,
    );
  }, 900_000);
});
