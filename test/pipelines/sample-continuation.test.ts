// How runs of few steps go on: as the target has it of what was trained last, a predictor or its student.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { usualRun } from "../../src/distillation/semantic-run/sheet.js";
import { readPixelModel } from "../../src/pipelines/sample-model.js";
import type { PixelModel } from "../../src/pipelines/sample-model.js";
import { runOf, settingsOf } from "../../src/pipelines/sample-settings.js";
import { writeDecoder, writeSemantic, writeTinyModels } from "../distillation/tiny-models.js";

let base: string;
const at = (name: string): string => join(base, name);
const like = "pictures";

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-continuation-"));
  await writeTinyModels(base);
  for (const kind of ["progressive", "consistency", "endpoint", "data"]) {
    for (const student of ["progressive", "consistency"]) {
      const target = { target: { kind }, budget: 240 };
      await writeSemantic(at(student), at("teacher"), at(`${kind}-${student}`), target);
    }
  }
  await writeDecoder(at("teacher"), at("decoder"));
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

/** The samplers of a model's pictures in two steps, and of its sheets. */
function samplers(model: PixelModel): (string | undefined)[] {
  const settings = settingsOf(model, { like, steps: 2 });
  const { sampler } = runOf(model, settings);
  const label = typeof sampler === "string" ? sampler : sampler.label;
  return [settings.sampler, label, usualRun(model.semantic!).continuation];
}

describe("a predictor's runs", () => {
  it.each([
    ["progressive-progressive", "ddim"],
    ["progressive-consistency", "ddim"],
    ["consistency-progressive", "renoise"],
    ["endpoint-progressive", "renoise"],
  ])("of %s go on by %s", async (name, sampler) => {
    const label = { ddim: "DDIM", renoise: "Renoise" }[sampler];
    expect(samplers(await readPixelModel(at(name)))).toEqual([sampler, label, sampler]);
  });

  it("go on as those of what it stands beside where the data are asked for", async () => {
    const beside = async (name: string) => samplers(await readPixelModel(at(name)))[0];
    expect(await beside("data-progressive")).toBe("ddim");
    expect(await beside("data-consistency")).toBe("renoise");
    const decoder = await readPixelModel(at("decoder"));
    expect(settingsOf(decoder, { like, sampler: "dpm++2m" }).sampler).toBe("dpm++2m");
  });

  it("go on in no other way", async () => {
    const model = await readPixelModel(at("consistency-progressive"));
    expect(() => settingsOf(model, { like, sampler: "ddim" })).toThrow(
      /--sampler: expected renoise for .*, a predictor, got "ddim"/,
    );
  });
});
