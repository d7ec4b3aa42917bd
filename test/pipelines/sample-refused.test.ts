// What `followspot sample` refuses, and what it says.

import { cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readJson, writeJson } from "../../src/io/json.js";
import { samplePictures } from "../../src/pipelines/sample.js";
import type { SampleRequest } from "../../src/pipelines/sample-request.js";
import { base, runtime, sample, silent } from "./sampling.js";

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
      /--attention-site: .*progressive: expected one of .*, got "up.9"/,
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

  it("a latent network that draws in other steps than the folder's pictures have", async () => {
    await sample("latent", "latents", { count: 1 });
    await cp(join(base, "latent"), join(base, "latent-changed"), { recursive: true });
    const path = join(base, "latent-changed", "followspot.json");
    const facts = (await readJson(path)) as { latent: { steps: number } };
    await writeJson(path, { ...facts, latent: { ...facts.latent, steps: facts.latent.steps + 1 } });
    await expect(sample("latent-changed", "latents", { count: 2 })).rejects.toThrow(
      /expected latents \d steps, scales \w{12}, as its pictures have, got \d steps, scales/,
    );
    // Nothing is drawn where something is told.
    const told = { like: "none", count: 1 };
    await sample("latent", "told", told);
    await sample("latent-changed", "told", { ...told, count: 2 });
  }, 900_000);

  it("a model of words, with what to use instead", async () => {
    const stage = { model: "models/stage", folder: join(base, "refused"), count: 1 };
    await expect(
      samplePictures(stage, silent, new AbortController().signal, runtime),
    ).rejects.toThrow(/got the pipeline StableDiffusionPipeline.*followspot draw/);
  });
});
