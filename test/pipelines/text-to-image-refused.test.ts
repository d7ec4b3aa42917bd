// What a call of the library is refused for, each with its option's name, types or none.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FollowspotError } from "../../src/core/errors.js";
import { loadPipeline } from "../../src/pipelines/text-to-image.js";
import type { TextToImagePipeline } from "../../src/pipelines/text-to-image.js";
import type { DrawOptions } from "../../src/pipelines/text-to-image-order.js";
import { tinyPipeline } from "./tiny-pipeline.js";

const BOXES = [
  { words: "red cube", box: [0, 0, 0.5, 0.5] },
  { words: "blue sphere", box: [0.5, 0.5, 1, 1] },
] as const;
const PLAIN: DrawOptions = { prompt: "a red cube and a blue sphere", steps: 4, cfg: 3, seed: 7n };

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

describe("drawing refuses", () => {
  const cases: [string, Partial<DrawOptions>, RegExp][] = [
    ["a word that the prompt lacks", { boxes: [{ ...BOXES[0], words: "red cub" }] }, /"cube"/],
    ["an inverted box", { boxes: [{ words: "cube", box: [0.5, 0, 0.2, 1] }] }, /left < right/],
    [
      "two boxes for the same words",
      { boxes: [BOXES[0], { ...BOXES[1], words: "red cube#1" }] },
      /same words/,
    ],
    ["two heat maps of the same words", { heatmaps: ["cube", "cube"] }, /one heatmap per phrase/],
    ["steps out of range", { steps: 0 }, /steps: expected a number from 1/],
    ["guidance out of range", { cfg: -1 }, /cfg: expected/],
    ["another size", { size: [64, 64] }, /32x32/],
    ["no seed", { seeds: [] }, /seeds/],
    ["an unknown sampler", { sampler: "magic" as "ddim" }, /sampler: expected one of ddim/],
    [
      "a method's parameter out of range",
      { method: { name: "direct", trailing: 99 } },
      /method: trailing: expected a number of at most 75, got 99/,
    ],
    ["an unknown method", { method: "magic" as "direct" }, /method: expected one of direct/],
  ];
  const untyped: [string, Record<string, unknown>, RegExp][] = [
    ["no prompt", { prompt: undefined }, /^prompt: expected a text, got nothing\.$/],
    ["a seed that is a number", { seed: 7 }, /^seed: expected a bigint, got 7\. Write 7n for 7/],
    ["seeds of both kinds", { seeds: [7n, 8] }, /^seed: expected a bigint, got 8\./],
    ["two seeds of equal pictures", { seeds: [7n, 2n ** 32n + 7n] }, /^seeds: expected seeds that/],
    ["a seed past 64 bits", { seed: 2n ** 64n }, /^seed: expected a whole number from -2\^63/],
    [
      "a box of no words",
      { boxes: [{ box: [0, 0, 1, 1] }] },
      /^boxes\[0\]: expected words and a box/,
    ],
    [
      "a box that is none",
      { boxes: [BOXES[0], null] },
      /^boxes\[1\]: expected words and.*got null\./,
    ],
    [
      "boxes that are no list",
      { boxes: { cube: [0, 0, 1, 1] } },
      /^boxes: expected a list, got \{/,
    ],
    ["a heat map of no word", { heatmaps: [7] }, /^heatmaps\[0\]: expected a text, got 7\.$/],
    [
      "words for heat maps",
      { heatmaps: "cube" },
      /^heatmaps: expected a list of texts, got "cube"/,
    ],
    [
      "a negative prompt that is none",
      { negative: null },
      /^negative: expected a text, got null\.$/,
    ],
    ["a size of one number", { size: 64 }, /^size: expected a width and a height.*got 64\./],
    [
      "a size too large",
      { size: [8192, 32], force: true },
      /^size: .* from 8 to 4096, got \[8192,32\]/,
    ],
    ["a size of no number", { size: [NaN, 32], force: true }, /^size: expected a width/],
  ];
  for (const [name, change, message] of [...cases, ...untyped]) {
    it(name, async () => {
      const thrown: unknown = await pipe
        .pictures({ ...PLAIN, ...change })
        .catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(FollowspotError);
      expect((thrown as Error).message).toMatch(message);
    });
  }
});
