// The shipped student draws what is named where it is asked to, in one, two and four evaluations.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workerRuntime } from "../../src/engine/runtime/worker.js";
import { loadDetector } from "../../src/metrics/detector/index.js";
import type { Box } from "../../src/pipelines/box.js";
import { inspectModel } from "../../src/pipelines/inspect.js";
import { PlacementJudge, shippedDetector } from "../../src/pipelines/score-placement.js";
import { loadPipeline } from "../../src/pipelines/text-to-image.js";
import type { TextToImagePipeline } from "../../src/pipelines/text-to-image.js";

const WORDS = "red cube";
const LEFT: Box = [0.05, 0.3, 0.45, 0.7];
const RIGHT: Box = [0.55, 0.3, 0.95, 0.7];
const SEEDS = [1n, 2n, 3n, 4n];

let pipe: TextToImagePipeline;
let judge: PlacementJudge;

beforeAll(async () => {
  pipe = await loadPipeline("stage-live", { threads: 1 });
  const runtime = workerRuntime();
  const open = () => loadDetector(shippedDetector()!, runtime, { threads: 1 });
  judge = new PlacementJudge(open, pipe.model.words!);
});
afterAll(async () => {
  await pipe.close();
  await judge.release();
});

/** In how many pictures of a cube asked for at `asked` its centre is in `looked`. */
async function landed(steps: number, asked: Box, looked: Box): Promise<number> {
  const prompt = "a red cube on the grass";
  const boxes = [{ words: WORDS, box: asked }];
  const drawn = await pipe.pictures({ prompt, boxes, steps, seeds: SEEDS });
  const scores = await Promise.all(
    drawn.map(({ picture }) => judge.score(picture, [{ words: WORDS, box: looked }])),
  );
  return scores.filter(([score]) => score?.centreInBox).length;
}

describe.each([1, 2, 4])("stage-live in %i steps", (steps) => {
  it.each([
    ["left", LEFT, RIGHT],
    ["right", RIGHT, LEFT],
  ])("puts a cube in a box on the %s, and not in the other", async (_, asked, other) => {
    expect(await landed(steps, asked, asked)).toBeGreaterThanOrEqual(3);
    expect(await landed(steps, asked, other)).toBe(0);
  });
});

it("refuses numbers of steps whose times it never saw, and says which it knows", async () => {
  await expect(pipe.pictures({ prompt: "a red cube", steps: 3 })).rejects.toThrow(
    /steps: expected one of 1, 2, 4 with this model, a student of 4 steps, got 3/,
  );
});

it("tells whose student it is, and that it saw boxes while it learned", async () => {
  const { facts } = await inspectModel("stage-live");
  const { facts: own } = await inspectModel("stage");
  expect(facts["role"]).toBe("student: guidance of 4 is distilled into it");
  expect(facts["parent"]).toMatch(/^teacher [0-9a-f]{64}$/);
  expect(facts["edit-aware"]).toMatch(/^yes: boxes in 70 %/);
  expect(facts["unet_1"]).toMatch(/^student of [0-9a-f]{12}, 450 trained steps$/);
  expect(own).not.toHaveProperty("role");
  expect(own).not.toHaveProperty("edit-aware");
});
