// Tiny pixel models that differ, pictures that fit them or do not, and the measurements of errors on them.

import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { encodePng } from "../../src/io/png.js";
import { openSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import type { Reporter } from "../../src/pipelines/draw-request.js";
import { evaluateDenoising } from "../../src/pipelines/evaluate-denoising.js";
import type {
  DenoisingRequest,
  FittingRequest,
  InformationRequest,
} from "../../src/pipelines/evaluate-errors-request.js";
import { evaluateFitting } from "../../src/pipelines/evaluate-fitting.js";
import { evaluateInformation } from "../../src/pipelines/evaluate-information.js";
import { withThreads } from "../../src/training/run/threads.js";
import {
  TEACHER_FILES,
  exportTeacher,
  teacherPacking,
  teacherDigest,
  teacherSchema,
} from "../../src/training/teacher/index.js";
import { writeTinyModels } from "../distillation/tiny-models.js";
import { makeWeights } from "../models/goldens.js";
import {
  TINY_SIZE,
  tinyTeacherDocument,
  writeTinyPictures,
  writeTinyTeacherModel,
} from "../training/tiny-teacher.js";

export const runtime = withThreads(nodeRuntime(), 1);
export const never = new AbortController().signal;
export const COUNT = 7;
export const TIMES = 4;

export const silent: Reporter = {
  start: () => undefined,
  step: () => undefined,
  note: () => undefined,
  finish: () => undefined,
};

/** A teacher of another form with made-up weights. */
async function writeOther(folder: string, unet: object): Promise<void> {
  const tiny = tinyTeacherDocument("nowhere", 1);
  const config = teacherSchema.parse({ ...tiny, unet: { ...tiny.unet, ...unet } });
  const packing = teacherPacking(config);
  const average = floats([packing.size], packing.pack(makeWeights(packing.specs)));
  const metadata = { config: teacherDigest(config) };
  await exportTeacher(config, { packing, average, step: 1 }, folder, { metadata });
}

/** Moves a model's weights a little; those of all tiny models are made up alike. */
async function disturb(folder: string, seed: bigint): Promise<void> {
  const path = join(folder, TEACHER_FILES.weights);
  const file = await openSafetensors(path);
  const generator = new Generator(seed);
  const moved = [...(await file.readAllFloat32())].map(([name, { shape, data: values }]) => {
    const by = generator.randn(shape).data;
    return [
      name,
      floats(
        shape,
        values.map((value, i) => value + 0.05 * by[i]!),
      ),
    ] as const;
  });
  await writeSafetensors(path, new Map(moved), file.metadata);
}

/** Four pictures as PNG files, grey or in colour. */
async function writeFolder(folder: string, side: number, grey: boolean): Promise<void> {
  await mkdir(folder);
  const generator = new Generator(8n);
  for (let i = 0; i < 4; i++) {
    const bytes = Uint8Array.from({ length: side * side * 3 }, () => 256 * generator.random());
    const pixels = grey ? bytes.map((_, j) => bytes[j - (j % 3)]!) : bytes;
    await writeFile(join(folder, `${i}.png`), await encodePng(pixels, side, side));
  }
}

/**
 * Writes models and pictures into a folder: `teacher` and its `copy`, students, `semantic`, `x0` of another schedule, `blind`
 * without attention, one of `colour`; `pictures`, `grey` ones, `hues` and `large` ones.
 */
export async function writeErrorModels(base: string): Promise<void> {
  const at = (name: string): string => join(base, name);
  await writeTinyModels(base);
  await cp(at("teacher"), at("copy"), { recursive: true });
  for (const [i, name] of ["progressive", "consistency", "reference"].entries()) {
    await disturb(at(name), BigInt(i));
  }
  // The same student as without the predictor.
  await disturb(at("semantic"), 0n);
  await writeTinyTeacherModel("x0", at("x0"));
  const plain = { down_block_types: ["DownBlock2D", "DownBlock2D"], add_attention: false };
  await writeOther(at("blind"), { ...plain, up_block_types: ["UpBlock2D", "UpBlock2D"] });
  await writeOther(at("colour"), { in_channels: 3, out_channels: 3 });
  await writeTinyPictures(at("pictures"));
  await writeFolder(at("grey"), TINY_SIZE, true);
  await writeFolder(at("hues"), TINY_SIZE, false);
  await writeFolder(at("large"), 12, true);
}

/** Where the pictures of a folder of models are. */
export const picturesIn = (base: string): string =>
  join(base, "pictures", "train-images-idx3-ubyte");

/** The measurements on a folder of models, which are named by their names in it. */
export function errorsIn(base: string) {
  const at = (name: string): string => join(base, name);
  const numbers = { data: picturesIn(base), count: COUNT, times: TIMES, batch: 3 };
  const common = [silent, never, runtime] as const;
  return {
    numbers,
    denoising: (models: string[], change: Partial<DenoisingRequest> = {}) =>
      evaluateDenoising({ models: models.map(at), ...numbers, ...change }, ...common),
    fitting: (students: string[], change: Partial<FittingRequest> = {}) => {
      const request = { teacher: at("teacher"), students: students.map(at), ...numbers };
      return evaluateFitting({ ...request, ...change }, ...common);
    },
    information: (model: string, change: Partial<InformationRequest> = {}) => {
      const request = { model: at(model), data: numbers.data, batches: 2, batch: 4 };
      return evaluateInformation({ ...request, ...change }, ...common);
    },
  };
}
