// A distillation run that has lost a round's checkpoints trains it again, and says so.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distillationSchema } from "../../src/distillation/run/config.js";
import { completedIn, trainDistillation } from "../../src/distillation/run/train.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { withThreads } from "../../src/training/run/threads.js";
import { writeTinyPictures, writeTinyTeacherModel } from "../training/tiny-teacher.js";

const runtime = withThreads(nodeRuntime(), 1);
let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-rounds-"));
  await writeTinyPictures(join(base, "pictures"));
  await writeTinyTeacherModel("v", join(base, "v"));
});

afterAll(() => rm(base, { recursive: true, force: true }));

const config = () =>
  distillationSchema.parse({
    ...{ kind: "distillation", parent: join(base, "v"), data: { path: join(base, "pictures") } },
    ...{ target: { kind: "progressive" }, rounds: { first: 2, last: 1 }, guidance: null },
    // Two updates a round: a student's evaluation and two of its teacher's for each of four pictures.
    ...{ budget: 2 * 3 * 4, flip: false, seed: 3, batch: 4, weight_decay: 0 },
    ...{ learning_rate: { peak: 0.01, floor: 0.01, warmup: 0 }, ema: { decay: 0.5 } },
    ...{ sample_every: 100, draw: { count: 2, seed: 1 } },
  });

async function runOn(stop = Infinity) {
  const warnings: string[] = [];
  const steps: number[] = [];
  const controller = new AbortController();
  await trainDistillation(config(), {
    ...{ runtime, folder: join(base, "run"), signal: controller.signal },
    onWarning: (warning) => void warnings.push(warning),
    onStep: (k) => {
      steps.push(k);
      if (k === stop) controller.abort();
    },
  });
  return { warnings, steps };
}

const pathOf = (...path: string[]) => join(base, "run", ...path);

describe("a round without its checkpoints", () => {
  it("is told of by what came of it, and ends as it did", async () => {
    expect(await runOn(3)).toEqual({ warnings: [], steps: [1, 2, 3] });
    const whole = () => completedIn(config(), join(base, "run"));
    expect(await whole()).toBe(3);
    const end = pathOf("round-0002", "checkpoint-00000002.safetensors");
    const before = await readFile(end);

    const names = (await readdir(pathOf("round-0002"))).filter((name) => /checkpoint/.test(name));
    for (const name of names) await rm(pathOf("round-0002", name));
    // Later rounds do not count as steps in its place.
    expect(await whole()).toBe(0);
    expect(await runOn(1)).toEqual({
      warnings: [
        `warning: ${pathOf("round-0002")} has no checkpoint, though ${pathOf("students", "2")} is there: it is trained again`,
      ],
      steps: [1],
    });

    await rm(pathOf("students"), { recursive: true });
    expect((await runOn(2)).warnings).toEqual([
      expect.stringMatching(/round-0002 has step 1 of 2 only, though .*round-0001 is there/),
    ]);
    expect((await readFile(end)).equals(before)).toBe(true);
    expect(await whole()).toBe(3);
  }, 900_000);
});
