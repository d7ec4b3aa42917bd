// A student as the folder of a diffusers pipeline that says whose student it is.

import type { Trained } from "../../training/trained.js";
import { evaluationsOf, exportTeacher } from "../../training/teacher/index.js";
import type { Teacher } from "../../training/teacher/index.js";
import { continuationOf } from "./sheet.js";
import { distillationDigest, roundsOf, studentConfig } from "./config.js";
import type { DistillationConfig, Round } from "./config.js";
import { studentOf } from "./round.js";

/**
 * Writes a student's folder, whole or not at all; one already there is replaced. It is a teacher's folder with the role
 * `student`: followspot.json and the weights' metadata tell the parent's digest, the target, the guidance, how many
 * steps it is for, and the evaluations that it took, with those of a parent that is a student beside.
 *
 * @throws FollowspotError when a file cannot be written
 */
export async function exportStudent(
  config: DistillationConfig,
  parent: Teacher,
  round: Round,
  made: Pick<Trained, "packing" | "average">,
  folder: string,
): Promise<void> {
  const rounds = roundsOf(config).filter(({ before }) => before <= round.before);
  const evaluations = rounds.reduce(
    (sum, each) => sum + each.updates * each.evaluations * config.batch,
    0,
  );
  const { target, guidance, adversarial } = config;
  const weight = round.judged && adversarial ? { adversarial: adversarial.weight } : {};
  const facts = {
    role: "student",
    parent: { digest: parent.digest, role: parent.facts.role },
    student: {
      ...{ steps: round.steps, target: { ...target, ...weight }, guidance, evaluations },
      ...{ before: evaluationsOf(parent.facts), continuation: continuationOf(config) },
      class_dropout: config.class_dropout,
    },
  };
  const student = studentOf(config, parent, round, made);
  const trained = { ...student, step: round.before + round.updates };
  await exportTeacher(studentConfig(config, parent, round), trained, folder, {
    classes: parent.facts.classes,
    facts,
    metadata: {
      role: "student",
      parent: parent.digest,
      config: distillationDigest(config),
      student: JSON.stringify(facts.student),
    },
  });
}
