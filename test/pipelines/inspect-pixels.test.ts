// What inspection tells of teachers, students, and students with predictor and latent network.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspectModel } from "../../src/pipelines/inspect.js";
import { readTeacher } from "../../src/training/teacher/index.js";
import { writeTinyModels } from "../distillation/tiny-models.js";

let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-inspect-"));
  await writeTinyModels(base);
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

const inspect = (name: string) => inspectModel(join(base, name));

describe("inspection", () => {
  it("tells of a teacher what it is, where it attends and what an evaluation costs", async () => {
    const report = await inspect("teacher");
    const { weights, digest } = await readTeacher(join(base, "teacher"));
    expect(report.digest).toBe(digest);
    const parameters = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(report.parts).toEqual([
      {
        part: "unet",
        className: "UNet2DModel",
        parameters,
        bytes: 4 * parameters,
        dtype: "float32",
      },
    ]);
    expect(report.facts).toMatchObject({
      ...{ role: "teacher", size: "8x8", channels: 1, head: "v", classes: 3 },
      schedule: "cosine, log-SNR from 20 to -20",
      "drawn with": "ddim, 2 steps, guidance 1.5",
      "trained steps": "7",
    });
    // The level of 4x4 below, in the middle and above.
    expect(report.sites.map(({ name }) => name)).toContain("up.0.attn.0.self");
    for (const { columns, rows, tokens } of report.sites) expect(tokens).toBe(columns * rows);
    expect(report.vocabulary).toEqual({ classes: ["a", "b", "c"] });
    expect(report.unsupported.join()).toMatch(/followspot sample/);
    const own = report.facts["GFLOP of an evaluation"] as number;
    expect(own).toBeGreaterThan(0);
    // Every weight of a matrix or a kernel is used at least once a picture.
    expect(own * 1e9).toBeGreaterThan(parameters);
  }, 900_000);

  it("tells of a student its parent, its target and its steps", async () => {
    const { digest } = await readTeacher(join(base, "teacher"));
    const { facts, unsupported } = await inspect("progressive");
    expect(facts).toMatchObject({
      ...{ role: "student", parent: `teacher ${digest}`, "trained for": "4 steps" },
      ...{ target: "progressive, no guidance", "training evaluations": 24 },
      "drawn with": "ddim, 4 steps",
    });
    expect(unsupported).toContain("draw in other numbers of steps than 1, 2, 4");
    const consistency = await inspect("consistency");
    expect(consistency.unsupported.join()).not.toMatch(/numbers of steps/);
    expect(consistency.facts).toMatchObject({
      ...{ "trained for": "4 steps", "drawn with": "renoise, 1 step" },
    });
  }, 900_000);

  it("tells of predictor, encoder and latent network, and of what is missing", async () => {
    const semantic = await inspect("semantic");
    expect(semantic.parts.map(({ className }) => className)).toEqual([
      ...["UNet2DModel", "SemanticEncoder", "GradientPredictor"],
    ]);
    const student = await readTeacher(join(base, "progressive"));
    expect(semantic.facts).toMatchObject({
      ...{ "predictor's student": student.digest, "predictor is told": "the data" },
      "predictor trained for": "4 steps, target progressive",
    });
    expect(semantic.unsupported.join()).toMatch(/no latent network/);
    const latent = await inspect("latent");
    expect(latent.parts.map(({ part }) => part)).toContain("latent_mlp");
    expect(latent.facts["latents drawn in"]).toBe("3 steps");
    expect(latent.unsupported.join()).not.toMatch(/no latent network/);
    expect(new Set([student.digest, semantic.digest, latent.digest]).size).toBe(3);
    const costs = ["an evaluation", "the predictor", "the encoder", "the latent network"];
    for (const name of costs) expect(latent.facts[`GFLOP of ${name}`]).toBeGreaterThan(0);
  }, 900_000);
});
