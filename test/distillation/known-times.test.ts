// Students as teachers: asked at the times that they know, and refused where they are asked at others.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { taskOf } from "../../src/distillation/kinds.js";
import { teacherTimes } from "../../src/distillation/known-times.js";
import { writeTinyModels } from "./tiny-models.js";

let base: string;
const at = (name: string): string => join(base, name);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-known-times-"));
  // Its students are of 4 steps.
  await writeTinyModels(base);
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

const shared = () => ({
  ...{ budget: 960, seed: 3, batch: 4, weight_decay: 0, ema: { decay: 0.5 } },
  learning_rate: { peak: 0.01, floor: 0.001, warmup: 1 },
  ...{ sample_every: 100, draw: { count: 2, seed: 1 } },
});

function chain(parent: string, first: number, target: object, last = first): Promise<void> {
  const document = { kind: "distillation", parent: at(parent), data: { path: at("pictures") } };
  const rounds = { first, last };
  return taskOf({ ...document, ...shared(), flip: false, target, rounds }).check();
}

function predictor(changes: object): Promise<void> {
  const document = { kind: "semantic", student: at("progressive"), data: { path: at("pictures") } };
  const encoder = { width: 8, latent_dim: 6 };
  return taskOf({ ...document, ...shared(), flip: false, encoder, ...changes }).check();
}

describe("the times at which a teacher is asked", () => {
  it("follow from target and steps", () => {
    expect(teacherTimes({ kind: "progressive", substeps: 2 }, 2)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(teacherTimes({ kind: "endpoint", substeps: 1 }, 2)).toEqual([0.5, 1]);
    expect(teacherTimes({ kind: "reference", substeps: 2, gap: 0.5 }, 2)).toEqual([0, 0.5]);
    expect(teacherTimes({ kind: "data", substeps: 2 }, 2)).toEqual([]);
  });
});

describe("a student as a parent", () => {
  it("teaches where it knows the times", async () => {
    for (const parent of ["progressive", "consistency", "reference"]) {
      await chain(parent, 2, { kind: "progressive" }, 1);
      await chain(parent, 4, { kind: "consistency", substeps: 1 });
      await chain(parent, 2, { kind: "endpoint" });
    }
    await chain("progressive", 2, { kind: "reference", gap: 0.25 });
  });

  it("is refused where it does not, with the option that helps", async () => {
    const progressive = chain("progressive", 8, { kind: "progressive" }, 1);
    await expect(progressive).rejects.toThrow(
      /parent: expected a network that knows t = 0\.0625, .*got a student \(progressive\) of 4 steps, trained at t = i \/ 4 alone.*Set rounds\.first to 2, or parent to/,
    );
    await expect(chain("consistency", 3, { kind: "consistency", substeps: 1 })).rejects.toThrow(
      /knows t = 0\.3333, .*\(consistency\).*Set rounds\.first and rounds\.last to 4, or parent/,
    );
    await expect(chain("progressive", 4, { kind: "reference" })).rejects.toThrow(
      /knows t = 0\.2461, .* Set parent to the undistilled teacher/,
    );
    // At t = 0 nothing is learned.
    const last = chain("progressive", 4, { kind: "reference", gap: 0.25 });
    await expect(last).rejects.toThrow(/knows t = 0, where it is asked/);
  });
});

describe("a student beside encoder and predictor", () => {
  it("is asked at its own times alone, and so is its teacher", async () => {
    const progressive = { kind: "progressive", substeps: 1 };
    await predictor({ teacher: at("progressive"), student_steps: 4, target: progressive });
    await predictor({ teacher: at("teacher"), student_steps: 2, target: { kind: "progressive" } });
    await predictor({ teacher: at("consistency"), student_steps: 4, target: { kind: "data" } });
    const off = predictor({ teacher: at("teacher"), student_steps: 8, target: progressive });
    await expect(off).rejects.toThrow(
      /student: expected a network that knows t = 0\.125, .*Set student_steps to 4, or to a number/,
    );
    const twice = { kind: "progressive", substeps: 2 };
    const few = predictor({ teacher: at("consistency"), student_steps: 4, target: twice });
    await expect(few).rejects.toThrow(
      /teacher: expected a network that knows t = 0\.125, .*Set teacher to/,
    );
  });
});

describe("a student as the teacher of distribution matching", () => {
  it("is refused, since that is asked at all times", async () => {
    const document = { kind: "distribution-matching", student: at("progressive"), ...shared() };
    await taskOf({ ...document, teacher: at("teacher") }).check();
    await expect(taskOf({ ...document, teacher: at("progressive") }).check()).rejects.toThrow(
      /teacher: expected an undistilled teacher, .*got a student, trained at t = i \/ 4 alone.*Set teacher to/,
    );
  });
});
