// Distilling a text-to-image model, on a tiny one: what a run leaves, and what can be done with it.

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { floats } from "../../src/core/tensor.js";
import { taskOf } from "../../src/distillation/index.js";
import { textStudentSchema } from "../../src/distillation/text-run/config.js";
import type { TextStudentConfig } from "../../src/distillation/text-run/config.js";
import { exportTextStudent } from "../../src/distillation/text-run/export.js";
import { textStudentPacking } from "../../src/distillation/text-run/loss.js";
import { readTextParent } from "../../src/distillation/text-run/parent.js";
import type { TextParent } from "../../src/distillation/text-run/parent.js";
import { makeSchedule, schedulerConfig } from "../../src/diffusion/index.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { loadPipeline } from "../../src/index.js";
import { openSafetensors } from "../../src/io/safetensors.js";
import { withThreads } from "../../src/training/run/threads.js";
import { writeTinyPool } from "../training/tiny.js";
import { textStudentDocument, writeTextModel } from "./tiny-text.js";

let base: string;
let model: string;
let parent: TextParent;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-text-run-"));
  model = await writeTextModel(base);
  parent = await readTextParent({ parent: model, cfg: 3 });
});

afterAll(() => rm(base, { recursive: true, force: true }));

const document = (options?: Record<string, unknown>) => textStudentDocument(model, options);

const configOf = (options?: Record<string, unknown>): TextStudentConfig =>
  textStudentSchema.parse(document(options));

describe("a distilled text-to-image model", () => {
  let student: string;

  beforeAll(async () => {
    const run = join(base, "run");
    await writeTinyPool(run);
    const task = taskOf(document({ edits: {} }));
    const runtime = withThreads(nodeRuntime(), 1);
    const { packing, trainer, done } = await task.train({ runtime, folder: run });
    expect(done).toBe(true);
    student = join(base, "student");
    const { average } = trainer.state;
    await task.export({ packing, average, step: trainer.completed }, student, runtime);
  }, 120_000);

  it("is a pipeline whose scheduler is LCM's, and says whose student it is", async () => {
    const json = async (name: string) =>
      JSON.parse(await readFile(join(student, name), "utf8")) as Record<string, unknown>;
    expect(await json("scheduler/scheduler_config.json")).toMatchObject({
      _class_name: "LCMScheduler",
      original_inference_steps: 10,
      steps_offset: 1,
      prediction_type: "v_prediction",
    });
    expect(await json("model_index.json")).toMatchObject({
      scheduler: ["diffusers", "LCMScheduler"],
    });
    expect(await json("followspot.json")).toMatchObject({
      role: "student",
      parent: { digest: parent.digest },
      student: { guidance: 3, levels: 10 },
    });
  });

  it("has weights that say whose student they are, and of which noise", async () => {
    const path = join(student, "unet/diffusion_pytorch_model.safetensors");
    const { metadata } = await openSafetensors(path);
    expect(metadata).toMatchObject({ role: "student", parent: parent.digest });
    const schedule = JSON.parse(metadata["schedule"]!) as Record<string, unknown>;
    // Its noise is its parent's.
    expect(makeSchedule(schedulerConfig(schedule)).alphasCumprod).toEqual(
      parent.schedule.alphasCumprod,
    );
    expect(schedule).toMatchObject({ prediction_type: "v_prediction" });
  });

  it.each([1, 2, 4])("draws in %i steps, placed", async (steps) => {
    const pipeline = await loadPipeline(student);
    const boxes = [{ words: "cat", box: [0, 0, 0.5, 0.5] as const }];
    const [placed] = await pipeline.pictures({ prompt: "a cat", steps, boxes, seed: 3n });
    const [plain] = await pipeline.pictures({ prompt: "a cat", steps, seed: 3n });
    expect(placed!.picture.width).toBe(16);
    expect(placed!.picture.data).not.toEqual(plain!.picture.data);
    await pipeline.close();
  });

  /** The student's network alone, beside the model that has the rest. */
  async function loneStudent(): Promise<string> {
    const lone = join(base, "lone");
    await cp(student, lone, { recursive: true });
    for (const part of ["vae", "text_encoder", "tokenizer"]) {
      await rm(join(lone, part), { recursive: true });
    }
    const own = join(lone, "followspot.json");
    const facts = JSON.parse(await readFile(own, "utf8")) as object;
    await writeFile(own, JSON.stringify({ ...facts, parts_of: basename(model) }));
    return lone;
  }

  it("can be the parent of the next round, with its network alone and its guidance kept", async () => {
    const lone = await loneStudent();
    const again = {
      parent: lone,
      target: { kind: "progressive", substeps: 2 },
      levels: 5,
      cfg: 1,
      draw: { steps: 5 },
    };
    await expect(readTextParent({ parent: lone, cfg: 3 })).rejects.toThrow(/expected cfg 1 .* 3/);
    const next = await readTextParent({ parent: lone, cfg: 1 });
    expect([...next.text.weights]).toEqual([...parent.text.weights]);
    const packing = textStudentPacking(next);
    const names = new Map([...next.weights].map(([name, value]) => [`unet.${name}`, value]));
    const average = floats([packing.size], packing.pack(names));
    const folder = join(base, "next");
    await exportTextStudent(configOf(again), { packing, average, step: 1 }, folder);
    expect(JSON.parse(await readFile(join(folder, "followspot.json"), "utf8"))).toMatchObject({
      parent: { digest: next.digest },
      student: { guidance: 3, levels: 5 },
    });
    const pipeline = await loadPipeline(folder);
    const drawn = await pipeline.pictures({ prompt: "a cat", steps: 5, seed: 3n });
    expect(drawn[0]!.picture.width).toBe(16);
    await pipeline.close();
  });

  it("begins with another student's network where one is named, its network alone", async () => {
    const lone = await loneStudent();
    const run = join(base, "again");
    await writeTinyPool(run);
    const still = { learning_rate: { peak: 1e-12, floor: 1e-12, warmup: 1 }, steps: 1 };
    const task = taskOf(document({ ...still, start_from: lone }));
    const runtime = withThreads(nodeRuntime(), 1);
    const { packing, trainer } = await task.train({ runtime, folder: run });
    const { weights } = await readTextParent({ parent: lone, cfg: 1 });
    const named = new Map([...weights].map(([name, value]) => [`unet.${name}`, value]));
    const [began, wanted] = [trainer.state.average.data, packing.pack(named)];
    const furthest = wanted.map((value, i) => Math.abs(value - began[i]!));
    expect(furthest.reduce((most, value) => Math.max(most, value))).toBeLessThan(1e-7);
    const lost = taskOf(document({ ...still, start_from: "nowhere" }));
    await rm(join(run, "checkpoint-00000001.safetensors"));
    await expect(lost.train({ runtime, folder: run })).rejects.toThrow(/nowhere/);
  }, 120_000);

  it("draws the same with its network alone, beside the model that has the rest", async () => {
    const lone = await loneStudent();
    const pictures = await Promise.all(
      [student, lone].map(async (folder) => {
        const pipeline = await loadPipeline(folder);
        const [drawn] = await pipeline.pictures({ prompt: "a cat", steps: 2, seed: 3n });
        await pipeline.close();
        return drawn!.picture.data;
      }),
    );
    expect(pictures[1]).toEqual(pictures[0]);
  });

  it("refuses guidance and a negative prompt, and says why", async () => {
    const pipeline = await loadPipeline(student);
    const refused = (options: object) => pipeline.pictures({ prompt: "a cat", ...options });
    await expect(refused({ cfg: 4 })).rejects.toThrow(/cfg: expected 1 .* guidance of 3 distilled/);
    await expect(refused({ negative: "dog" })).rejects.toThrow(/no negative prompt .* teacher/);
    await expect(refused({ steps: 11 })).rejects.toThrow(/from 1 to 10 with lcm, got 11/);
    await pipeline.close();
  });
});
