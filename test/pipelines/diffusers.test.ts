// A whole pipeline against diffusers: the same folder, prompt and seed give the same picture within 1/255
// (scripts/goldens/pipeline.py).

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SamplerName } from "../../src/diffusion/index.js";
import { loadPipeline } from "../../src/pipelines/text-to-image.js";
import type { TextToImagePipeline } from "../../src/pipelines/text-to-image.js";
import { recipeCost } from "../../src/pipelines/recipe-cost.js";
import { planOf } from "../../src/pipelines/text-to-image-pipeline.js";
import { TAKES_GUIDANCE, tinyPipeline } from "./tiny-pipeline.js";

interface Case {
  readonly prompt: string;
  readonly negative: string;
  readonly cfg: number;
  readonly seed: string;
  readonly steps: number;
  readonly sampler: SamplerName;
  readonly picture: string;
}

const read = (name: string): Case[] => {
  const url = new URL(`../golden/pipeline/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as Case[];
};

describe.each([
  { name: "pictures", changes: {} },
  { name: "guidance", changes: TAKES_GUIDANCE },
])("a pipeline's picture is diffusers' own: $name", ({ name, changes }) => {
  const cases = read(name);
  let model: Awaited<ReturnType<typeof tinyPipeline>>;
  let pipe: TextToImagePipeline;

  beforeAll(async () => {
    model = await tinyPipeline(changes);
    pipe = await loadPipeline(model.folder);
  });
  afterAll(async () => {
    await pipe.close();
    model.remove();
  });

  for (const { picture, seed, ...options } of cases) {
    const { sampler, cfg, negative, prompt, steps } = options;
    const told = `"${negative}", "${prompt.slice(0, 12)}"`;
    it(`${sampler}, ${steps} steps, guidance ${cfg}, ${told}`, async () => {
      const [drawn] = await pipe.pictures({ ...options, seed: BigInt(seed) });
      const expected = Buffer.from(picture, "base64");
      const ours = drawn!.picture.data;
      expect(ours).toHaveLength(expected.length);
      const worst = ours.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i]!)), 0);
      expect(worst).toBeLessThanOrEqual(1);
      expect(new Set(expected).size).toBeGreaterThan(20);
    });
  }

  it("and no two of them are the same", () => {
    expect(new Set(cases.map(({ picture }) => picture)).size).toBe(cases.length);
  });
});

describe("a network that takes guidance as a number", () => {
  it("takes no negative prompt, and one evaluation a step", async () => {
    const { folder, remove } = await tinyPipeline(TAKES_GUIDANCE);
    const pipe = await loadPipeline(folder);
    const refused = pipe.pictures({ prompt: "a cat", negative: "a dog" });
    await expect(refused).rejects.toThrow(/no negative prompt .* a number, not a second prompt/);
    const { order } = planOf(pipe.model, { prompt: "a cat", steps: 4, cfg: 8 });
    const { takesGuidance } = order;
    expect(recipeCost(order, { takesGuidance })).toEqual({ forward: 4, backward: 0 });
    await pipe.close();
    remove();
  });
});
