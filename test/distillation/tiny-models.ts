// Folders of every kind of model of pixels with made-up weights: a teacher, students, one with predictor, one with latents.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { floats } from "../../src/core/tensor.js";
import { latentSchema } from "../../src/distillation/latent-run/config.js";
import { exportLatent } from "../../src/distillation/latent-run/export.js";
import { keepStatistics } from "../../src/distillation/latent-run/statistics.js";
import { latentPacking } from "../../src/distillation/latent-run/train.js";
import { distillationSchema, roundsOf } from "../../src/distillation/run/config.js";
import { exportStudent } from "../../src/distillation/run/export.js";
import { roundPacking } from "../../src/distillation/run/round.js";
import { semanticSchema } from "../../src/distillation/semantic-run/config.js";
import { exportSemantic, readSemantic } from "../../src/distillation/semantic-run/export.js";
import { semanticPacking } from "../../src/distillation/semantic-run/loss.js";
import type { Packing } from "../../src/nn/packed-weights.js";
import {
  exportTeacher,
  readTeacher,
  teacherDigest,
  teacherPacking,
  teacherSchema,
} from "../../src/training/teacher/index.js";
import { makeWeights } from "../models/goldens.js";
import { tinyTeacherDocument, writeTinyTeacherModel } from "../training/tiny-teacher.js";

// Steps of the students.
const TINY_STUDENT_STEPS = 4;
const LATENT = 6;

/** What all runs have in common. */
const run = {
  ...{ data: { path: "nowhere" }, flip: false, seed: 3, batch: 4 },
  learning_rate: { peak: 0.01, floor: 0.001, warmup: 1 },
  ...{ weight_decay: 0, ema: { decay: 0 } },
};

const shown = { sample_every: 100, draw: { count: 2, seed: 1 } };

function trained(packing: Packing) {
  const average = floats([packing.size], packing.pack(makeWeights(packing.specs)));
  return { packing, average, step: 5 };
}

/** Writes a student of one round, with changes to the configuration that it has. */
export async function writeStudent(
  kind: string,
  parent: string,
  folder: string,
  changes: object = {},
): Promise<void> {
  const rounds = { first: TINY_STUDENT_STEPS, last: TINY_STUDENT_STEPS };
  const target = { kind };
  const document = { kind: "distillation", parent, target, rounds, budget: 24, ...run, ...shown };
  const config = distillationSchema.parse({ ...document, ...changes });
  const teacher = await readTeacher(parent);
  const [round] = roundsOf(config);
  const made = trained(roundPacking(config, teacher, round!));
  await exportStudent(config, teacher, round!, made, folder);
}

/** Writes encoder and predictor beside a student, with changes to the configuration that they have. */
export async function writeSemantic(
  student: string,
  teacher: string,
  folder: string,
  changes: object = {},
): Promise<void> {
  const config = semanticSchema.parse({
    ...{ kind: "semantic", student, teacher, student_steps: TINY_STUDENT_STEPS },
    ...{ target: { kind: "progressive" }, encoder: { width: 8, latent_dim: LATENT }, budget: 24 },
    ...{ ...run, ...shown, ...changes },
  });
  const packing = semanticPacking(config, await readTeacher(student));
  await exportSemantic(config, trained(packing), folder);
}

async function writeLatent(parent: string, folder: string): Promise<void> {
  const { flip: _flip, ...rest } = run;
  const config = latentSchema.parse({
    ...{ kind: "latent", parent, ...rest, steps: 5, draw: { steps: 3 } },
    network: { hidden_dim: 8, num_layers: 3, time_embedding_dim: 8 },
  });
  const packing = latentPacking(config, await readSemantic(parent));
  const [mean, deviation] = [0.1, 0.7].map((value) => new Float32Array(LATENT).fill(value));
  const its = `${folder}-run`;
  await mkdir(its);
  await keepStatistics(its, { mean: mean!, deviation: deviation! });
  await exportLatent(config, trained(packing), folder, its);
}

/** Writes `teacher`, `progressive`, `consistency`, `reference`, `semantic` and `latent` into a folder. */
export async function writeTinyModels(base: string): Promise<void> {
  const of = (name: string): string => join(base, name);
  await writeTinyTeacherModel("v", of("teacher"));
  for (const kind of ["progressive", "consistency", "reference"]) {
    await writeStudent(kind, of("teacher"), of(kind));
  }
  await writeSemantic(of("progressive"), of("teacher"), of("semantic"));
  await writeLatent(of("semantic"), of("latent"));
}

/** Writes a teacher that knows no classes, or has other changes to what the tiny one is made of. */
export async function writeTinyTeacherWith(
  folder: string,
  { unet = {}, ...changes }: { readonly unet?: object; readonly head?: string } = {},
): Promise<void> {
  const tiny = tinyTeacherDocument("nowhere", 1);
  const bare = { ...tiny.unet, num_class_embeds: null, ...unet };
  const draw = { ...tiny.draw, cfg: 1 };
  const config = teacherSchema.parse({ ...tiny, class_dropout: 0, draw, ...changes, unet: bare });
  const metadata = { config: teacherDigest(config) };
  await exportTeacher(config, trained(teacherPacking(config)), folder, { metadata });
}

/** Writes `plain`, a teacher without classes, and `plain-semantic`, encoder and predictor beside it. */
export async function writePlainModels(base: string): Promise<void> {
  const of = (name: string): string => join(base, name);
  await writeTinyTeacherWith(of("plain"));
  await writeSemantic(of("plain"), of("plain"), of("plain-semantic"));
}

/** Steps that the predictor of a decoder was trained for. */
export const DECODER_STEPS = 3;

/** Writes encoder and predictor beside an undistilled teacher, trained to decode the data (variant d). */
export const writeDecoder = (teacher: string, folder: string): Promise<void> =>
  writeSemantic(teacher, teacher, folder, {
    ...{ target: { kind: "data" }, student_steps: DECODER_STEPS },
  });
