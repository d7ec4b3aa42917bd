// A whole pipeline against diffusers: the same folder, prompt and seed give the same picture within 1/255
// (scripts/goldens/pipeline.py).

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SamplerName } from "../../src/diffusion/index.js";
import { loadPipeline } from "../../src/pipelines/text-to-image.js";
import type { TextToImagePipeline } from "../../src/pipelines/text-to-image.js";
import { tinyPipeline } from "./tiny-pipeline.js";

interface Case {
  readonly prompt: string;
  readonly negative: string;
  readonly cfg: number;
  readonly seed: string;
  readonly steps: number;
  readonly sampler: SamplerName;
  readonly picture: string;
}

const cases = JSON.parse(
  readFileSync(new URL("../golden/pipeline/pictures.json", import.meta.url), "utf8"),
) as Case[];

let model: Awaited<ReturnType<typeof tinyPipeline>>;
let pipe: TextToImagePipeline;

beforeAll(async () => {
  model = await tinyPipeline();
  pipe = await loadPipeline(model.folder);
});
afterAll(async () => {
  await pipe.close();
  model.remove();
});

describe("a pipeline's picture is diffusers' own", () => {
  for (const { picture, seed, ...options } of cases) {
    const { sampler, cfg, negative, prompt } = options;
    it(`${sampler}, guidance ${cfg}, "${negative}", "${prompt.slice(0, 12)}"`, async () => {
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
