// Distillation runs: rounds, students, checkpoints that go on bit for bit, and what is refused.

import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distillationSchema, roundsOf } from "../../src/distillation/run/config.js";
import type { DistillationConfig } from "../../src/distillation/run/config.js";
import { continuationOf, drawStudent } from "../../src/distillation/run/sheet.js";
import { taskOf } from "../../src/distillation/kinds.js";
import { completedIn, readParent, trainDistillation } from "../../src/distillation/run/train.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { openSafetensors } from "../../src/io/safetensors.js";
import { train } from "../../src/pipelines/train.js";
import { inspectPixelModel } from "../../src/pipelines/inspect-pixels.js";
import { withThreads } from "../../src/training/run/threads.js";
import { readTeacher } from "../../src/training/teacher/index.js";
import { writeTinyPictures, writeTinyTeacherModel } from "../training/tiny-teacher.js";

const runtime = withThreads(nodeRuntime(), 1);
let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-distil-"));
  await writeTinyPictures(join(base, "pictures"));
  for (const name of ["v", "x0", "eps"]) await writeTinyTeacherModel(name, join(base, name));
});

afterAll(() => rm(base, { recursive: true, force: true }));

interface Changes {
  readonly parent?: string;
  readonly target?: object;
  readonly rounds?: object;
  readonly guidance?: object | null;
  readonly budget?: number;
}

const documentOf = ({ parent = "v", ...changes }: Changes = {}) => ({
  kind: "distillation",
  parent: join(base, parent),
  data: { path: join(base, "pictures") },
  target: { kind: "progressive" },
  rounds: { first: 2, last: 1 },
  guidance: { blur: { kernel: 5, sigma: 1 }, rounds: "first" },
  budget: 60,
  class_dropout: 0.2,
  flip: true,
  seed: 3,
  batch: 4,
  learning_rate: { peak: 0.01, floor: 0.001, warmup: 2 },
  weight_decay: 0.01,
  ema: { decay: 0.9 },
  sample_every: 100,
  draw: { count: 2, seed: 1 },
  ...changes,
});

const configOf = (changes?: Changes): DistillationConfig =>
  distillationSchema.parse(documentOf(changes));

/** Trains in a folder until `stop` steps of the run, or to the end. */
async function run(config: DistillationConfig, name: string, stop = Infinity) {
  const controller = new AbortController();
  const seen: number[] = [];
  const result = await trainDistillation(config, {
    ...{ runtime, folder: join(base, name), signal: controller.signal },
    onStep: (k) => {
      seen.push(k);
      if (k === stop) controller.abort();
    },
  });
  return { ...result, seen };
}

async function filesOf(name: string): Promise<Map<string, Buffer>> {
  const folder = join(base, name);
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((path) => /checkpoint|students.*(json|safetensors)$/.test(path));
  const read = files
    .sort()
    .map(async (path) => [path, await readFile(join(folder, path))] as const);
  return new Map(await Promise.all(read));
}

describe("the rounds of a configuration", () => {
  it("halve, and have the updates that the budget allows", () => {
    const rounds = { first: 4, last: 1 };
    // A student's pass and two of a guided teacher's: 1 + 2 * 2.
    const shared = { guided: true, judged: false, evaluations: 5, updates: 8 };
    expect(roundsOf(configOf({ rounds, budget: 160, guidance: {} }))).toEqual([
      { steps: 4, before: 0, ...shared },
      { steps: 2, before: 8, ...shared },
      { steps: 1, before: 16, ...shared },
    ]);
    expect(roundsOf(configOf())).toEqual([
      { steps: 2, guided: true, judged: false, evaluations: 5, updates: 3, before: 0 },
      { steps: 1, guided: false, judged: false, evaluations: 3, updates: 5, before: 3 },
    ]);
  });

  it("count the target network of consistency, and one teacher pass of reference", () => {
    const rounds = { first: 8, last: 8 };
    const evaluations = (target: object, guidance: object | null): number =>
      roundsOf(configOf({ target, guidance, rounds }))[0]!.evaluations;
    expect(evaluations({ kind: "consistency", substeps: 1 }, {})).toBe(4);
    expect(evaluations({ kind: "reference" }, {})).toBe(3);
    expect(evaluations({ kind: "endpoint", substeps: 1 }, null)).toBe(9);
    expect(evaluations({ kind: "progressive" }, null)).toBe(3);
    expect(evaluations({ kind: "progressive", features: 0.5 }, null)).toBe(4);
  });

  it("must follow from one another", () => {
    const fault = (changes: Changes) => () => taskOf(documentOf(changes));
    expect(fault({ rounds: { first: 6, last: 1 } })).toThrow(/power of substeps, 2, got 6 and 1/);
    expect(fault({ rounds: { first: 1, last: 4 } })).toThrow(/power of substeps/);
    expect(fault({ target: { kind: "consistency" } })).toThrow(
      /expected one round with consistency/,
    );
    expect(fault({ budget: 0 })).toThrow(/^config: budget/);
    expect(fault({ target: { kind: "data" } })).toThrow(
      /target\.kind.*expected a target that asks a teacher, got data/,
    );
    expect(() => taskOf({ kind: "distil" })).toThrow(
      /expected one of .*distillation, .*got "distil"/,
    );
  });
});

describe("a distillation run", () => {
  it("trains each student from the one before, and writes them", async () => {
    const config = configOf();
    const parent = await readParent(config);
    const { done, seen, trainer, packing } = await run(config, "whole");
    expect(done).toBe(true);
    expect(seen).toEqual(Array.from({ length: 8 }, (_, i) => i + 1));
    expect(await completedIn(config, join(base, "whole"))).toBe(8);
    const task = taskOf(documentOf());
    expect(task.steps).toBe(8);
    const model = join(base, "whole", "model");
    const trained = { packing, average: trainer.state.average, step: trainer.completed };
    await task.export(trained, model, runtime);
    const student = await readTeacher(model);
    expect(student.facts).toMatchObject({ role: "student", head: "v", draw: { steps: 1 } });
    expect(student.facts.classes).toEqual(["a", "b", "c"]);
    const facts = JSON.parse(await readFile(join(model, "followspot.json"), "utf8")) as object;
    expect(facts).toMatchObject({
      parent: { digest: parent.digest, role: "teacher" },
      student: {
        steps: 1,
        evaluations: 120,
        continuation: "ddim",
        target: { kind: "progressive" },
      },
    });
    const { metadata } = await openSafetensors(
      join(model, "unet/diffusion_pytorch_model.safetensors"),
    );
    const schedule = JSON.stringify(parent.facts.schedule);
    expect(metadata).toMatchObject({ role: "student", parent: parent.digest, schedule });
    // The students before differ from their teachers and from the last.
    const digests = [parent.digest, student.digest];
    digests.push((await readTeacher(join(base, "whole", "students", "2"))).digest);
    expect(new Set(digests).size).toBe(3);
  }, 900_000);

  it("goes on bit for bit within a round and across rounds", async () => {
    const config = configOf();
    for (const stop of [1, 3, 5]) expect((await run(config, "broken", stop)).done).toBe(false);
    const end = await run(config, "broken");
    expect(end.done).toBe(true);
    expect(end.seen).toEqual([6, 7, 8]);
    const [whole, broken] = [await filesOf("whole"), await filesOf("broken")];
    const ends = [...whole].filter(([path]) => /0003\.|0005\.|students/.test(path));
    expect(ends.length).toBeGreaterThan(5);
    for (const [path, bytes] of ends) expect(broken.get(path)?.equals(bytes), path).toBe(true);
  }, 900_000);

  it("writes a student whose folder is missing or of a round that is trained again", async () => {
    const config = configOf();
    const [folder, whole] = [join(base, "broken"), await filesOf("whole")];
    const expectStudent = async (): Promise<void> => {
      const broken = await filesOf("broken");
      const its = [...whole].filter(([path]) => path.startsWith("students"));
      expect(its.length).toBeGreaterThan(2);
      for (const [path, bytes] of its) expect(broken.get(path)?.equals(bytes), path).toBe(true);
    };
    const student = join(folder, "students", "2");
    // As a run leaves it that is killed after a round's last checkpoint.
    await rm(student, { recursive: true });
    expect((await run(config, "broken")).done).toBe(true);
    await expectStudent();
    await writeFile(join(student, "followspot.json"), "{}");
    await rm(join(folder, "round-0002"), { recursive: true });
    expect((await run(config, "broken")).done).toBe(true);
    await expectStudent();
  }, 900_000);

  it("counts what the students before cost when it goes on from one of them", async () => {
    const document = documentOf({
      parent: join("whole", "students", "2"),
      ...{ rounds: { first: 1, last: 1 }, guidance: null },
    });
    const { trainer, packing } = await run(distillationSchema.parse(document), "after");
    const model = join(base, "after", "model");
    const trained = { packing, average: trainer.state.average, step: trainer.completed };
    await taskOf(document).export(trained, model, runtime);
    // The student of 2 steps took one round.
    expect((await readTeacher(model)).facts.student).toMatchObject({ evaluations: 60, before: 60 });
    expect((await inspectPixelModel("after", model)).facts).toMatchObject({
      ...{ "training evaluations": 60, "evaluations before": 60 },
    });
  }, 900_000);

  it.each([
    ["consistency", { kind: "consistency", substeps: 1, loss: "constant" }],
    ["reference", { kind: "reference" }],
    ["endpoint", { kind: "endpoint", substeps: 1 }],
  ])(
    "takes the target %s, and draws with counted evaluations",
    async (name, target) => {
      const config = configOf({
        target,
        guidance: null,
        budget: 12,
        rounds: { first: 2, last: 2 },
      });
      const { trainer, done } = await run(config, name);
      expect(done).toBe(true);
      const parent = await readParent(config);
      const { draw } = config;
      const facts = { parent, steps: 2, continuation: continuationOf(config), draw };
      const { pictures, spent } = await drawStudent(facts, trainer.state.average, { runtime });
      expect(pictures.shape).toEqual([2, 8, 8, 1]);
      expect(Math.max(...pictures.data.map(Math.abs))).toBeLessThanOrEqual(1);
      expect(spent).toEqual({ calls: 2, rows: 4 });
    },
    900_000,
  );

  it("is a run of the training service, stopped in its second round and gone on with", async () => {
    const config = join(base, "tiny-distillation.json");
    await writeFile(config, JSON.stringify(documentOf()));
    const folder = join(base, "service");
    const notes: string[] = [];
    const told: number[] = [];
    const controller = new AbortController();
    const reporter = {
      start: () => undefined,
      step: (done: number) => {
        told.push(done);
        if (done === 4) controller.abort();
      },
      note: (line: string) => void notes.push(line),
      finish: () => undefined,
    };
    const request = { config, overrides: {}, threads: 1 };
    const stopped = await train({ ...request, folder }, reporter, controller.signal);
    expect(stopped).toEqual({ folder, steps: 4, unfinished: true });
    expect(notes.join("\n")).toMatch(/samples of 2 steps at step 3: samples-00000003-s2\.png/);
    told.length = 0;
    const again = { ...request, resume: folder };
    const { signal } = new AbortController();
    const ended = await train(again, { ...reporter, step: (n) => void told.push(n) }, signal);
    expect(ended).toMatchObject({ steps: 8, unfinished: false, model: join(folder, "model") });
    expect(told).toEqual([1, 2, 3, 4]);
    expect(notes.join("\n")).toMatch(/student of 1 steps: 5 updates, 60 of 60 evaluations/);
    expect(notes.join("\n")).not.toMatch(/has no checkpoint/);
    const unbroken = await readTeacher(join(base, "whole", "model"));
    expect((await readTeacher(ended.model!)).digest).toBe(unbroken.digest);
  }, 900_000);

  it("refuses a parent whose head tells nothing at t = 1, and an unknown site", async () => {
    await expect(taskOf(documentOf({ parent: "eps" })).check()).rejects.toThrow(
      /parent: expected a network with head v, x0 or both, got eps/,
    );
    const target = { kind: "consistency" };
    const consistent = documentOf({ parent: "x0", target, rounds: { first: 2, last: 2 } });
    await expect(taskOf(consistent).check()).rejects.toThrow(
      /parent: expected a network with head v or both for a consistency target, got x0/,
    );
    await taskOf(documentOf({ parent: "x0" })).check();
    await expect(taskOf(documentOf({ parent: "none" })).check()).rejects.toThrow(
      /expected the folder of a teacher or a student, .* got none of that name/,
    );
    await expect(taskOf(documentOf({ parent: "whole" })).check()).rejects.toThrow(
      /got the folder of a run/,
    );
    const guidance = { site: "up.9.attn.0.self" };
    const unknown =
      /guidance\.site: expected one of .*up\.0\.attn\.1\.self, got "up\.9\.attn\.0\.self"/;
    await expect(taskOf(documentOf({ guidance })).check()).rejects.toThrow(unknown);
    await expect(run(configOf({ guidance }), "site")).rejects.toThrow(unknown);
    const blur = { kernel: 99, sigma: 3 };
    await expect(taskOf(documentOf({ guidance: { blur } })).check()).rejects.toThrow(
      /blur: expected an odd kernel below 16/,
    );
  }, 900_000);
});
