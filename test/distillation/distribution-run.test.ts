// A run of distribution matching from folders to a folder: two networks trained, the student's alone written.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { taskOf } from "../../src/distillation/kinds.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { inspectPixelModel } from "../../src/pipelines/inspect-pixels.js";
import { withThreads } from "../../src/training/run/threads.js";
import { readTeacher } from "../../src/training/teacher/index.js";
import { writeTinyTeacherModel } from "../training/tiny-teacher.js";
import { trainUntil } from "./train-until.js";

const runtime = withThreads(nodeRuntime(), 1);
let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-distribution-"));
  for (const name of ["v", "x0", "eps"]) await writeTinyTeacherModel(name, join(base, name));
});

afterAll(() => rm(base, { recursive: true, force: true }));

const documentOf = (changes: object = {}) => ({
  kind: "distribution-matching",
  student: join(base, "v"),
  teacher: join(base, "v"),
  budget: 48,
  seed: 3,
  batch: 4,
  learning_rate: { peak: 0.01, floor: 0.001, warmup: 1 },
  weight_decay: 0,
  ema: { decay: 0.5 },
  sample_every: 2,
  draw: { count: 4, seed: 1 },
  ...changes,
});

const run = (name: string, { stop, ...changes }: { stop?: number } = {}) =>
  trainUntil(taskOf(documentOf(changes)), join(base, name), stop);

describe("a run of distribution matching", () => {
  it("counts student, fake network and teacher, guided or not", () => {
    expect(taskOf(documentOf()).steps).toBe(4);
    expect(taskOf(documentOf({ guidance: {} })).steps).toBe(3);
  });

  it("trains, draws sheets, and writes the student alone, which says where it comes from", async () => {
    const guidance = { blur: { kernel: 5, sigma: 1 } };
    const { task, folder, trainer, packing, done } = await run("guided", { guidance } as object);
    expect(done).toBe(true);
    expect((await readdir(folder)).filter((name) => name.endsWith(".png"))).toEqual([
      "samples-00000002-s1.png",
      "samples-00000003-s1.png",
    ]);
    const model = join(folder, "model");
    const trained = { packing, average: trainer.state.average, step: trainer.completed };
    expect(await task.export(trained, model, runtime)).toEqual([
      "student of 1 step: 3 updates, 48 of 48 evaluations",
    ]);
    const [parent, student] = [await readTeacher(join(base, "v")), await readTeacher(model)];
    expect([...student.weights.keys()].sort()).toEqual([...parent.weights.keys()].sort());
    expect(student.digest).not.toBe(parent.digest);
    expect(student.facts).toMatchObject({ role: "student", classes: ["a", "b", "c"] });
    const facts = JSON.parse(await readFile(join(model, "followspot.json"), "utf8")) as object;
    expect(facts).toMatchObject({
      parent: { digest: parent.digest, role: "teacher" },
      student: {
        ...{ steps: 1, continuation: "ddim", evaluations: 48, start: parent.digest },
        class_dropout: 0,
        target: { kind: "distribution", from: 0.02, to: 0.98 },
        guidance: { scale: 1.3 },
      },
    });
    expect((await inspectPixelModel("matched", model)).facts).toMatchObject({
      parent: `teacher ${parent.digest}`,
      target: "distribution, guidance 1.3",
      "after those of": `student ${parent.digest}`,
    });
  }, 900_000);

  it("goes on bit for bit", async () => {
    const whole = await run("whole");
    expect((await run("broken", { stop: 3 })).done).toBe(false);
    const broken = await run("broken");
    for (const name of ["parameters", "average"] as const) {
      expect(broken.trainer.state[name].data).toEqual(whole.trainer.state[name].data);
    }
  }, 900_000);

  it("moves the student by its share of the rate", async () => {
    const distance = async (rate: number): Promise<number> => {
      const changes = { student_rate: rate, budget: 12 };
      const { trainer, packing } = await run(`rate-${rate}`, changes as object);
      const { weights } = await readTeacher(join(base, "v"));
      const now = packing.unpack(trainer.state.parameters.data);
      const moved = [...weights].map(([name, { data }]) =>
        data.reduce((sum, value, i) => {
          return sum + Math.abs(value - now.get(`student.${name}`)!.data[i]!);
        }, 0),
      );
      return moved.reduce((sum, value) => sum + value, 0);
    };
    const [all, half] = [await distance(1), await distance(0.5)];
    expect(all).toBeGreaterThan(0);
    expect(half / all).toBeCloseTo(0.5, 3);
  }, 900_000);

  it("refuses networks of two forms, and times in the wrong order", async () => {
    await expect(taskOf(documentOf({ teacher: join(base, "x0") })).check()).rejects.toThrow(
      /expected student and teacher of one form, got .*cosine.* and .*sigmoid/,
    );
    const eps = join(base, "eps");
    await expect(taskOf(documentOf({ student: eps, teacher: eps })).check()).rejects.toThrow(
      /teacher: expected a network with head v, x0 or both, got eps/,
    );
    expect(() => taskOf(documentOf({ compare: { from: 0.5, to: 0.2 } }))).toThrow(
      /compare\.from: expected less than to, 0\.2, got 0\.5/,
    );
    expect(() => taskOf(documentOf({ student_rate: 0 }))).toThrow(/student_rate/);
  });

  it("tells that the teacher's guidance by classes is not distilled", async () => {
    expect(await taskOf(documentOf()).remarks!()).toEqual([
      expect.stringMatching(/^warning: teacher: is drawn with classifier-free guidance of 1\.5/),
    ]);
  });

  it("refuses to say whose teachers are guided, having one", () => {
    const guidance = { rounds: "first" };
    expect(() => taskOf(documentOf({ guidance }))).toThrow(/guidance.*rounds/);
  });
});
