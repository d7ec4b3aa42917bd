// A teacher of a few thousand parameters: its configuration and its pictures, written to a folder.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import {
  exportTeacher,
  teacherDigest,
  teacherPacking,
  teacherSchema,
} from "../../src/training/teacher/index.js";
import type { TeacherConfig } from "../../src/training/teacher/index.js";
import { makeWeights } from "../models/goldens.js";

export const TINY_SIZE = 8;
export const TINY_CLASSES = 3;
const COUNT = 10;

/** A header of the idx format: bytes, in so many extents. */
function idxHeader(extents: readonly number[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * extents.length));
  header.setUint32(0, 0x0800 + extents.length);
  extents.forEach((extent, i) => header.setUint32(4 + 4 * i, extent));
  return new Uint8Array(header.buffer);
}

/** Writes grey pictures of noise in three classes, as idx files; other seeds give other pictures. */
export async function writeTinyPictures(folder: string, seed = 4n): Promise<void> {
  await mkdir(folder, { recursive: true });
  const generator = new Generator(seed);
  const pixels = Uint8Array.from({ length: COUNT * TINY_SIZE ** 2 }, () =>
    Math.floor(256 * generator.random()),
  );
  const labels = Uint8Array.from({ length: COUNT }, (_, i) => i % TINY_CLASSES);
  const write = (name: string, extents: readonly number[], data: Uint8Array): Promise<void> =>
    writeFile(join(folder, name), Buffer.concat([idxHeader(extents), data]));
  await write("train-images-idx3-ubyte", [COUNT, TINY_SIZE, TINY_SIZE], pixels);
  await write("train-labels-idx1-ubyte", [COUNT], labels);
}

/** The document of a tiny teacher's run of `steps` steps on the pictures in `data`. */
export function tinyTeacherDocument(data: string, steps: number) {
  return {
    kind: "teacher",
    data: { path: data },
    unet: {
      sample_size: TINY_SIZE,
      in_channels: 1,
      out_channels: 1,
      block_out_channels: [4, 8],
      layers_per_block: 1,
      down_block_types: ["DownBlock2D", "AttnDownBlock2D"],
      up_block_types: ["AttnUpBlock2D", "UpBlock2D"],
      attention_head_dim: 4,
      norm_num_groups: 2,
      dropout: 0.1,
      // idx files name ten digits, or as many as the labels show.
      num_class_embeds: TINY_CLASSES + 1,
    },
    head: "v",
    schedule: { kind: "cosine" },
    loss: "truncated-snr",
    class_dropout: 0.2,
    flip: true,
    seed: 3,
    batch: 4,
    steps,
    learning_rate: { peak: 0.01, floor: 0.001, warmup: 3 },
    weight_decay: 0.01,
    ema: { decay: 0.9 },
    sample_every: 100,
    draw: { count: 4, sampler: "ddim", steps: 2, cfg: 1.5, seed: 1 },
  };
}

/** Writes the pictures of a tiny teacher and its configuration, `tiny-teacher.json`; returns that file's path. */
export async function writeTinyTeacher(folder: string, steps: number): Promise<string> {
  const pictures = join(folder, "pictures");
  await writeTinyPictures(pictures);
  const path = join(folder, "tiny-teacher.json");
  await writeFile(path, JSON.stringify(tinyTeacherDocument(pictures, steps)));
  return path;
}

/** Teachers that diffusers opens too: what makes each, and a schedule of its own. */
export const TINY_TEACHERS: Readonly<Record<string, object>> = {
  v: { head: "v", schedule: { kind: "cosine" } },
  x0: { head: "x0", schedule: { kind: "sigmoid", min: -12, max: 9 } },
  eps: { head: "eps", schedule: { kind: "linear", min: -9, max: 18 } },
};

/** Exports a tiny teacher with made-up weights, the same at every call. */
export async function writeTinyTeacherModel(name: string, folder: string): Promise<TeacherConfig> {
  const document = { ...tinyTeacherDocument("nowhere", 1), ...TINY_TEACHERS[name] };
  const config = teacherSchema.parse(document);
  const packing = teacherPacking(config);
  const average = floats([packing.size], packing.pack(makeWeights(packing.specs)));
  await exportTeacher(config, { packing, average, step: 7 }, folder, {
    classes: ["a", "b", "c"],
    metadata: { config: teacherDigest(config) },
  });
  return config;
}

/**
 * Writes a tiny teacher's folder and pictures, and the configuration of a chain of students of 4, 2 and 1 steps with so
 * many updates in all, `tiny-distillation.json`; returns that file's path.
 */
export async function writeTinyDistillation(folder: string, steps: number): Promise<string> {
  const [pictures, parent] = [join(folder, "pictures"), join(folder, "parent")];
  await writeTinyPictures(pictures);
  await writeTinyTeacherModel("v", parent);
  const path = join(folder, "tiny-distillation.json");
  const [batch, evaluations, rounds] = [4, 3, 3];
  const document = {
    ...{ kind: "distillation", parent, data: { path: pictures } },
    ...{ target: { kind: "progressive" }, rounds: { first: 4, last: 1 }, guidance: null },
    ...{ budget: (steps / rounds) * evaluations * batch, batch, flip: true, seed: 3 },
    learning_rate: { peak: 0.01, floor: 0.001, warmup: 2 },
    ...{ weight_decay: 0.01, ema: { decay: 0.9 }, class_dropout: 0.2 },
    ...{ sample_every: 100, draw: { count: 2, seed: 1 } },
  };
  await writeFile(path, JSON.stringify(document));
  return path;
}
