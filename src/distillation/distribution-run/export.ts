// A student of distributions as the folder of a diffusers pipeline that says whose student it is.

import { evaluationsOf, exportTeacher } from "../../training/teacher/index.js";
import type { Trained } from "../../training/trained.js";
import { distributionDigest, distributionEvaluations } from "./config.js";
import type { DistributionConfig } from "./config.js";
import { readDistributionModels, studentOf } from "./train.js";

/**
 * Writes the student's folder, whole or not at all; one already there is replaced. The fake network is left out.
 *
 * @throws FollowspotError when a file cannot be read or written
 */
export async function exportDistribution(
  config: DistributionConfig,
  { packing, average, step }: Trained,
  folder: string,
): Promise<void> {
  const { student, teacher } = await readDistributionModels(config);
  const { unet, head, facts, digest } = teacher;
  const { guidance, compare, batch } = config;
  const evaluations = step * distributionEvaluations(config) * batch;
  const told = {
    role: "student",
    parent: { digest, role: facts.role },
    student: {
      ...{ steps: 1, target: { kind: "distribution", ...compare }, guidance, evaluations },
      ...{ before: evaluationsOf(student.facts), continuation: "ddim", start: student.digest },
      // Every picture that it drew had a class.
      class_dropout: 0,
    },
  };
  const draw = { ...config.draw, sampler: "ddim", steps: 1, variance: "fixed_small" } as const;
  const its = {
    ...{ head, schedule: facts.schedule, draw: { ...draw, share: 0, cfg: 1 } },
    unet: { ...unet, dropout: 0 },
  };
  await exportTeacher(its, { ...studentOf(packing, average, teacher), step }, folder, {
    classes: facts.classes,
    facts: told,
    metadata: {
      ...{ role: "student", parent: digest, config: distributionDigest(config) },
      student: JSON.stringify(told.student),
    },
  });
}
