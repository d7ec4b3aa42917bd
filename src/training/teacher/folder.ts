// The folder of a trained teacher, read whole: its network, what it puts out, its noise schedule and its weights.

import { join } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import type { HostTensor } from "../../core/tensor.js";
import { CONTINUOUS_SAMPLERS, VARIANCES } from "../../diffusion/continuous.js";
import { LOG_SNR_KINDS, logSnrSchedule } from "../../diffusion/log-snr.js";
import type { LogSnrSchedule } from "../../diffusion/log-snr.js";
import { HEADS } from "../../diffusion/parameterisations.js";
import { readJson, readJsonAs } from "../../io/json.js";
import { MODEL_INDEX, OWN_FILE } from "../../io/model-source.js";
import { openSafetensors } from "../../io/safetensors.js";
import { parseUNet2DConfig } from "../../models/unet2d/index.js";
import { weightsDigest } from "../digest.js";
import { expectFiniteWeights } from "../finite-weights.js";
import { shippedPath } from "../run/shipped.js";
import { expectTeacherFolder } from "./expect-folder.js";
import type { TeacherNetwork } from "./network.js";

/** The files of such a folder. */
export const TEACHER_FILES = {
  index: MODEL_INDEX,
  facts: OWN_FILE,
  config: "unet/config.json",
  weights: "unet/diffusion_pytorch_model.safetensors",
  scheduler: "scheduler/scheduler_config.json",
} as const;

/** What diffusers' files leave unsaid. Students bear the same, under a role of their own. */
export const teacherFacts = z.object({
  role: z.string(),
  head: z.enum(HEADS),
  schedule: z.object({ kind: z.enum(LOG_SNR_KINDS), min: z.number(), max: z.number() }),
  /** Names of the classes; the network has one row more, for none. */
  classes: z.array(z.string()).optional(),
  /** How it is drawn with if nothing else is said. */
  draw: z
    .object({
      sampler: z.enum(CONTINUOUS_SAMPLERS),
      steps: z.int().positive(),
      variance: z.enum(VARIANCES),
      share: z.number(),
      cfg: z.number(),
    })
    .optional(),
  /**
   * Of a student: its steps, at whose times alone it was trained, and its target; evaluations of its own run, and of the
   * students that this went on from; how its runs go on.
   */
  student: z
    .object({
      steps: z.int().positive(),
      target: z.object({ kind: z.string() }),
      evaluations: z.number(),
      before: z.number().default(0),
      continuation: z.string().optional(),
    })
    .optional(),
  /** Of one with encoder and predictor: what joins them. */
  semantic: z.object({}).optional(),
});

export type TeacherFacts = z.infer<typeof teacherFacts>;

/** Network evaluations that it took to make a student of a teacher; none for a teacher. */
export function evaluationsOf({ student }: Pick<TeacherFacts, "student">): number {
  return student === undefined ? 0 : student.before + student.evaluations;
}

/** A teacher in memory. */
export interface Teacher extends TeacherNetwork {
  readonly facts: TeacherFacts;
  readonly schedule: LogSnrSchedule;
  readonly weights: ReadonlyMap<string, HostTensor<"float32">>;
  /** Side of its pictures in pixels. */
  readonly size: number;
  /** SHA-256 of its weights in hex: what students say of their parent. */
  readonly digest: string;
}

/**
 * A trained teacher; a folder that is not there is looked for in the package.
 *
 * @throws FollowspotError when there is no such folder, or when a file in it is missing, damaged or not what it should be
 */
export async function readTeacher(folder: string): Promise<Teacher> {
  await expectTeacherFolder(folder);
  const path = shippedPath(folder);
  const unet = parseUNet2DConfig(await readJson(join(path, TEACHER_FILES.config)));
  const facts = await readJsonAs(join(path, TEACHER_FILES.facts), teacherFacts);
  const { sample_size: size } = unet;
  if (typeof size !== "number") {
    throw new FollowspotError(`teacher: ${path}: expected a sample_size, got ${String(size)}.`);
  }
  const file = await openSafetensors(join(path, TEACHER_FILES.weights));
  const weights = await file.readAllFloat32();
  expectFiniteWeights(join(path, TEACHER_FILES.weights), weights);
  const schedule = logSnrSchedule(facts.schedule);
  const digest = weightsDigest(weights);
  return { unet, head: facts.head, facts, schedule, weights, size, digest };
}
