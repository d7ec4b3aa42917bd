// What a person is told of settings that a model is drawn with, though nothing is wrong with them.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPixelModel } from "../../src/pipelines/sample-model.js";
import type { SampleRequest } from "../../src/pipelines/sample-request.js";
import { remarksOn, settingsOf } from "../../src/pipelines/sample-settings.js";
import { writeSemantic, writeTinyModels } from "../distillation/tiny-models.js";

let base: string;
const at = (name: string): string => join(base, name);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-sample-remarks-"));
  // Its students are of 4 steps.
  await writeTinyModels(base);
  const source = { source: "target" };
  await writeSemantic(at("progressive"), at("teacher"), at("answered"), source);
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
