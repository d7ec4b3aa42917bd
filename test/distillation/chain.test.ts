// Who teaches whom: each round begins as its teacher and learns from it, and a consistency student from its own average.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { taskOf } from "../../src/distillation/kinds.js";
import { distillationSchema, roundsOf, studentConfig } from "../../src/distillation/run/config.js";
import { trainRound } from "../../src/distillation/run/round.js";
import { trainDistillation } from "../../src/distillation/run/train.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { withThreads } from "../../src/training/run/threads.js";
import { openTeacherData } from "../../src/training/teacher/data.js";
import { readTeacher } from "../../src/training/teacher/index.js";
import type { Teacher } from "../../src/training/teacher/index.js";
import { writeTinyPictures, writeTinyTeacherModel } from "../training/tiny-teacher.js";
import { trainUntil } from "./train-until.js";

const runtime = withThreads(nodeRuntime(), 1);
const { signal } = new AbortController();
const UPDATES = 3;
let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-chain-"));
  await writeTinyPictures(join(base, "pictures"));
  await writeTinyTeacherModel("v", join(base, "v"));
});

afterAll(() => rm(base, { recursive: true, force: true }));

const documentOf = (changes: object = {}) => ({
  ...{ kind: "distillation", parent: join(base, "v"), data: { path: join(base, "pictures") } },
  ...{ target: { kind: "progressive" }, rounds: { first: 2, last: 1 }, guidance: null },
  // A student's evaluation and two of its teacher's for each of four pictures.
  ...{ budget: 3 * 4 * UPDATES, flip: false, seed: 3, batch: 4, weight_decay: 0 },
  ...{ learning_rate: { peak: 0.01, floor: 0.01, warmup: 0 }, ema: { decay: 0.5 } },
  ...{ sample_every: 100, draw: { count: 2, seed: 1 } },
  ...changes,
});

/** Trains a chain in a folder of its own; the loss of each update. */
async function lossesOf(name: string, changes?: object): Promise<number[]> {
  const document = documentOf(changes);
  const losses: number[] = [];
  const made = await trainDistillation(distillationSchema.parse(document), {
    ...{ runtime, folder: join(base, name), signal },
    onStep: (_, { loss }) => void losses.push(loss ?? NaN),
  });
  const trained = { packing: made.packing, average: made.trainer.state.average, step: 1 };
  await taskOf(document).export(trained, join(base, name, "model"), runtime);
  return losses;
}

const modelOf = (...path: string[]): Promise<Teacher> => readTeacher(join(base, ...path));

/** The largest difference of any weight. */
function distance(a: Teacher, b: Teacher): number {
  const each = [...a.weights].map(([name, { data }]) => {
    const other = b.weights.get(name)!.data;
    return data.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
  });
  return Math.max(...each);
}

describe("a chain", () => {
  it("begins each student as its teacher", async () => {
    await lossesOf("still", { learning_rate: { peak: 1e-30, floor: 0, warmup: 0 } });
    const [parent, two, one] = [
      await modelOf("v"),
      await modelOf("still", "students", "2"),
      await modelOf("still", "model"),
    ];
    // The average rounds.
    expect(distance(two, parent)).toBeLessThan(1e-6);
    expect(distance(one, parent)).toBeLessThan(1e-6);
  }, 900_000);

  it("has the student before for a teacher in its second round", async () => {
    const losses = await lossesOf("moved");
    expect(losses).toHaveLength(2 * UPDATES);
    const config = distillationSchema.parse(documentOf());
    const rounds = roundsOf(config);
    const [parent, before] = [await modelOf("v"), await modelOf("moved", "students", "2")];
    expect(distance(before, parent)).toBeGreaterThan(1e-3);
    const data = await openTeacherData(studentConfig(config, parent, rounds[0]!), signal);
    /** The loss of the second round's first update, were it taught by these weights. */
    const taughtBy = async (name: string, { weights }: Teacher): Promise<number> => {
      const seen: number[] = [];
      const controller = new AbortController();
      await trainRound(config, { parent, teacher: weights, data }, rounds[1]!, {
        ...{ runtime, folder: join(base, name), signal: controller.signal },
        onStep: (_, { loss }) => {
          seen.push(loss ?? NaN);
          controller.abort();
        },
      });
      return seen[0]!;
    };
    try {
      expect(await taughtBy("by-student", before)).toBe(losses[UPDATES]);
      expect(await taughtBy("by-parent", parent)).not.toBe(losses[UPDATES]);
    } finally {
      await data.close();
    }
  }, 900_000);
});

describe("a consistency student", () => {
  it("is drawn on its sheets in one step, as sample draws it, and not in those of its grid", async () => {
    const target = { kind: "consistency", substeps: 1 };
    const document = documentOf({ target, rounds: { first: 4, last: 4 }, budget: 3 * 4 });
    await trainUntil(taskOf(document), join(base, "sheets"));
    const names = await readdir(join(base, "sheets"));
    expect(names.filter((name) => name.endsWith(".png"))).toEqual(["samples-00000001-s1.png"]);
  }, 900_000);

  it("learns from its own average or from itself, as it is told", async () => {
    const target = { kind: "consistency", substeps: 1 };
    // Student, average and teacher.
    const shared = { rounds: { first: 4, last: 4 }, budget: 3 * 4 * UPDATES };
    const averaged = await lossesOf("average", { ...shared, target });
    const own = await lossesOf("own", {
      ...shared,
      target: { ...target, network: "parameters" },
    });
    // Before the first update both are the teacher.
    expect(own[0]).toBe(averaged[0]);
    expect(own.at(-1)).not.toBe(averaged.at(-1));
  }, 900_000);
});
