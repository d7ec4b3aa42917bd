// What a person is told of settings that a model is drawn with, though nothing is wrong with them.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPixelModel } from "../../src/pipelines/sample-model.js";
import type { SampleRequest } from "../../src/pipelines/sample-request.js";
import { remarksOn, settingsOf } from "../../src/pipelines/sample-settings.js";
import { writeSemantic, writeStudent, writeTinyModels } from "../distillation/tiny-models.js";

let base: string;
const at = (name: string): string => join(base, name);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-sample-remarks-"));
  // Its students are of 4 steps.
  await writeTinyModels(base);
  const source = { source: "target" };
  await writeSemantic(at("progressive"), at("teacher"), at("answered"), source);
  const dropping = { class_dropout: 0.1 };
  await writeStudent("progressive", at("teacher"), at("dropping"), dropping);
  await writeSemantic(at("dropping"), at("teacher"), at("semantic-dropping"), dropping);
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

async function remarks(name: string, asked: Partial<SampleRequest> = {}): Promise<string[]> {
  const model = await readPixelModel(at(name));
  return remarksOn(model, settingsOf(model, asked));
}

describe("a predictor that was told its teacher's answers", () => {
  it("is told of other pictures when it is drawn", async () => {
    expect(await remarks("semantic", { like: "pictures" })).toEqual([]);
    expect(await remarks("answered", { like: "pictures" })).toEqual([
      expect.stringMatching(
        /^warning: the predictor was told its teacher's answer .*source target/,
      ),
    ]);
  });
});

describe("guidance by classes", () => {
  it("of what was never trained for no class is told of", async () => {
    const untaught = (of: string): unknown =>
      expect.stringMatching(`^warning: --cfg 2: the ${of} was trained with class_dropout 0`);
    expect(await remarks("progressive", { cfg: 2 })).toEqual([untaught("student")]);
    const told = { cfg: 2, like: "pictures" };
    expect(await remarks("semantic", told)).toEqual([untaught("student"), untaught("predictor")]);
    expect(await remarks("dropping", { cfg: 2 })).toEqual([]);
    expect(await remarks("semantic-dropping", told)).toEqual([]);
    expect(await remarks("teacher", { cfg: 2 })).toEqual([]);
    expect(await remarks("progressive")).toEqual([]);
  });
});

describe("steps of a consistency student", () => {
  it("that stop between the times of its grid are told of", async () => {
    for (const steps of [1, 2, 4]) expect(await remarks("consistency", { steps })).toEqual([]);
    expect(await remarks("consistency", { steps: 3 })).toEqual([
      "warning: 3 steps of a student that was trained at t = i / 4: they stop at times between, which it never learned",
    ]);
    expect(await remarks("consistency", { steps: 8 })).toHaveLength(1);
    expect(await remarks("progressive", { steps: 2 })).toEqual([
      expect.stringMatching(/^warning: 2 steps of a student that was trained for 4/),
    ]);
  });
});
