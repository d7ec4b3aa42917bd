// The shipped configurations: each is valid, is read again as it was written, and makes a step that keeps the rules.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distributionSchema } from "../../src/distillation/distribution-run/config.js";
import {
  distributionPacking,
  distributionStepLoss,
} from "../../src/distillation/distribution-run/loss.js";
import { readDistributionModels } from "../../src/distillation/distribution-run/train.js";
import { taskOf } from "../../src/distillation/kinds.js";
import { latentSchema, mlpOf } from "../../src/distillation/latent-run/config.js";
import { latentPacking } from "../../src/distillation/latent-run/train.js";
import { latentLoss } from "../../src/distillation/latent.js";
import { distillationSchema, roundsOf } from "../../src/distillation/run/config.js";
import { roundLoss, roundPacking } from "../../src/distillation/run/round.js";
import { readParent } from "../../src/distillation/run/train.js";
import { semanticSchema } from "../../src/distillation/semantic-run/config.js";
import { readSemantic } from "../../src/distillation/semantic-run/export.js";
import { semanticPacking, semanticStepLoss } from "../../src/distillation/semantic-run/loss.js";
import { readSemanticModels } from "../../src/distillation/semantic-run/train.js";
import { textStudentSchema } from "../../src/distillation/text-run/config.js";
import { textStudentLoss, textStudentPacking } from "../../src/distillation/text-run/loss.js";
import { readTextParent } from "../../src/distillation/text-run/parent.js";
import type { Graph } from "../../src/engine/graph.js";
import { verify } from "../../src/engine/verify.js";
import type { JsonObject } from "../../src/io/json.js";
import { remarksOn } from "../../src/pipelines/train-remarks.js";
import { listPresets, readDocument, withOverrides } from "../../src/training/run/document.js";
import { trainingStep } from "../../src/training/step.js";
import { writePlainModels, writeTinyModels } from "./tiny-models.js";

let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-presets-"));
  await writeTinyModels(base);
  await writePlainModels(base);
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

/** The models that a configuration starts from, as tiny ones of their kind. */
function parentsOf({ kind, adversarial }: JsonObject): Record<string, string> {
  const of = (name: string): string => join(base, name);
  const network = { "adversarial.network": of("teacher") };
  if (kind === "distillation") return { parent: of("teacher"), ...(adversarial ? network : {}) };
  if (kind === "semantic" || kind === "distribution-matching")
    return { student: of("progressive"), teacher: of("teacher") };
  return kind === "latent" ? { parent: of("plain-semantic") } : {};
}

/** The configuration of a preset with its models there. */
async function presetOf(name: string): Promise<JsonObject> {
  const { document } = await readDocument(name);
  const known = taskOf(document).config;
  // Pictures that a person has there would not be those of the tiny models.
  const elsewhere: Record<string, string> = document["data"]
    ? { "data.path": join(base, "none") }
    : {};
  return withOverrides(document, known, { ...parentsOf(document), ...elsewhere });
}

const stepsOf: Readonly<Record<string, (document: JsonObject) => Promise<Graph[]>>> = {
  async distillation(document) {
    const config = distillationSchema.parse(document);
    const parent = await readParent(config);
    return roundsOf(config).map((round) => {
      const packing = roundPacking(config, parent, round);
      const parts = { parent, teacher: parent.weights };
      return trainingStep(packing, roundLoss(config, parts, round, packing));
    });
  },
  async semantic(document) {
    const config = semanticSchema.parse(document);
    const models = await readSemanticModels(config);
    const packing = semanticPacking(config, models.student);
    return [trainingStep(packing, semanticStepLoss(config, models))];
  },
  async "distribution-matching"(document) {
    const config = distributionSchema.parse(document);
    const { teacher } = await readDistributionModels(config);
    return [trainingStep(distributionPacking(teacher), distributionStepLoss(config, teacher))];
  },
  async latent(document) {
    const config = latentSchema.parse(document);
    const parent = await readSemantic(config.parent);
    const loss = latentLoss(mlpOf(config, parent), config.batch);
    return [trainingStep(latentPacking(config, parent), loss)];
  },
  async "text-to-image-student"(document) {
    const config = textStudentSchema.parse(document);
    const parent = await readTextParent(config);
    const packing = textStudentPacking(parent);
    return [trainingStep(packing, textStudentLoss(parent, config, packing))];
  },
};

describe("presets", () => {
  it("are valid, and read again as they were written", async () => {
    for (const preset of await listPresets()) {
      const task = taskOf(await presetOf(preset));
      // What a run's config.json says is read again when the run is gone on with.
      const again = taskOf(JSON.parse(JSON.stringify(task.config)) as Record<string, unknown>);
      expect(again.digest, preset).toBe(task.digest);
      await task.check();
      const rates = (await remarksOn(task)).filter((line) => line.includes("learning_rate"));
      expect(rates, preset).toEqual([]);
    }
  }, 900_000);

  it.each([
    { preset: "mnist-progressive", graphs: 4 },
    { preset: "mnist-progressive-guided", graphs: 4 },
    { preset: "mnist-consistency", graphs: 1 },
    { preset: "tiny-imagenet-20-progressive", graphs: 4 },
    { preset: "mnist-semantic", graphs: 1 },
    { preset: "mnist-decoder", graphs: 1 },
    { preset: "mnist-latent", graphs: 1 },
    { preset: "mnist-distribution", graphs: 1 },
    { preset: "cifar10-adversarial", graphs: 1 },
    { preset: "stage-live", graphs: 1 },
    { preset: "stage-live-1", graphs: 1 },
  ])(
    "$preset makes steps that keep the rules",
    async ({ preset, graphs }) => {
      const document = await presetOf(preset);
      const made = await stepsOf[document["kind"] as string]!(document);
      expect(made).toHaveLength(graphs);
      made.forEach((graph) => verify(graph));
    },
    900_000,
  );

  it("ask a decoder's teacher for the data, beside itself", async () => {
    for (const name of ["mnist", "cifar10"]) {
      const { document } = await readDocument(`${name}-decoder`);
      const { student, teacher, student_steps: steps, target } = semanticSchema.parse(document);
      const folder = `runs/00001-${name}-teacher/model`;
      expect([student, teacher, steps, target.kind]).toEqual([folder, folder, 1, "data"]);
    }
  });

  it("spend the same on every way from the teacher", async () => {
    const budgetOf = async (preset: string): Promise<number> => {
      const config = distillationSchema.parse(await presetOf(preset));
      return config.budget * roundsOf(config).length;
    };
    const budget = await budgetOf("mnist-progressive");
    expect(await budgetOf("mnist-progressive-guided")).toBe(budget);
    expect(await budgetOf("mnist-consistency")).toBe(budget);
  });
});
