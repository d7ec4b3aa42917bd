// The folder of a model of pixels, whatever its kind: a teacher, a student, with or without predictor and latent network.

import { join } from "node:path";
import { z } from "zod";
import {
  CONTINUATIONS,
  STUDENT_KINDS,
  TARGET_KINDS,
  readLatent,
  readSemantic,
} from "../distillation/index.js";
import type { LatentModel, SemanticStudent } from "../distillation/index.js";
import { readJsonAs } from "../io/json.js";
import { documentDigest, weightsDigest } from "../training/digest.js";
import { shippedPath } from "../training/run/shipped.js";
import { readTeacher, TEACHER_FILES } from "../training/teacher/index.js";
import type { Teacher } from "../training/teacher/index.js";

/** What a folder says besides what a teacher's does. */
const furtherFacts = z.object({
  parent: z.object({ digest: z.string(), role: z.string() }).optional(),
  student: z
    .object({
      steps: z.int().positive(),
      continuation: z.enum(CONTINUATIONS),
      target: z.object({
        kind: z.enum(STUDENT_KINDS),
        /** Steps of the teacher to one of its own; not of distributions. */
        substeps: z.int().positive().optional(),
        /** How much passing for the data weighed, where a critic judged. */
        adversarial: z.number().optional(),
      }),
      guidance: z.object({ scale: z.number() }).nullable(),
      evaluations: z.number(),
      /** Of the students that it went on from. */
      before: z.number().default(0),
      /** Share of pictures whose class was dropped; folders of before do not say. */
      class_dropout: z.number().optional(),
      /** Digest of the student that it was begun with, whose evaluations are not among its own. */
      start: z.string().optional(),
    })
    .optional(),
  semantic: z
    .object({
      /** Of the predictor; folders of before say only what its student was trained for. */
      steps: z.int().positive().optional(),
      target: z.object({
        kind: z.enum(TARGET_KINDS),
        substeps: z.int().positive().optional(),
      }),
      guidance: z.object({ scale: z.number() }).nullable(),
      source: z.string(),
      /** That of its target; folders of before, and of a target of the data, go on as what the predictor stands beside. */
      continuation: z.enum(CONTINUATIONS).optional(),
      class_dropout: z.number().optional(),
      evaluations: z.number(),
      parents: z.object({ student: z.string(), teacher: z.string() }),
    })
    .optional(),
  latent: z.object({ steps: z.int().positive() }).optional(),
});

/** A model of pixels in memory. */
export interface PixelModel {
  /** As it was named. */
  readonly name: string;
  /** Where it lies. */
  readonly folder: string;
  readonly network: Teacher;
  readonly facts: z.infer<typeof furtherFacts>;
  /** Encoder and predictor, where it has them. */
  readonly semantic?: SemanticStudent;
  readonly latent?: LatentModel;
  /** SHA-256 of all its weights in hex: of a network alone, what its students say of their parent. */
  readonly digest: string;
}

/**
 * Reads the folder of a teacher or a student; one that is not there is looked for in the package.
 *
 * @throws FollowspotError when it is none such, or when a file is missing, damaged or not what it should be
 */
export async function readPixelModel(name: string): Promise<PixelModel> {
  const folder = shippedPath(name);
  const network = await readTeacher(name);
  const facts = await readJsonAs(join(folder, TEACHER_FILES.facts), furtherFacts);
  const semantic = facts.semantic && (await readSemantic(folder));
  const latent = facts.latent && (await readLatent(folder));
  // All of them are read as float32.
  const latentWeights = latent?.weights as SemanticStudent["encoder"]["weights"] | undefined;
  const parts = [semantic?.encoder.weights, semantic?.predictor.weights, latentWeights];
  const joined = parts.flatMap((weights) => (weights ? [weightsDigest(weights)] : []));
  return {
    ...{ name, folder, facts, network },
    ...(semantic ? { semantic } : {}),
    ...(latent ? { latent } : {}),
    digest: joined.length === 0 ? network.digest : documentDigest([network.digest, ...joined]),
  };
}
