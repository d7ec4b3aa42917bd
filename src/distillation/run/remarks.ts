// What a person should know of a distillation run before it trains.

import type { Teacher } from "../../training/teacher/index.js";
import type { DistillationConfig } from "./config.js";
import { FEATURES_TIME } from "./features.js";

/** A run's first teacher, and the network through which a critic looks, where that is not the parent. */
export interface DistillationModels {
  readonly parent: Teacher;
  readonly sight: Teacher | undefined;
}

/** A line on guidance by classes, which a teacher is drawn with and students are not taught; none without. */
export function remarksOnClasses(option: string, { facts }: Teacher): string[] {
  const { cfg = 1 } = facts.draw ?? {};
  if (cfg === 1) return [];
  return [
    `warning: ${option}: is drawn with classifier-free guidance of ${cfg}, which is not distilled: students answer as ` +
      "it does without",
  ];
}

/** Remarks on networks that are asked for what they may never have learned, or not for what they are used for; a line each. */
export function distillationRemarks(
  { target, adversarial }: DistillationConfig,
  { parent, sight }: DistillationModels,
): string[] {
  const [own, its] = [parent, sight ?? parent].map(({ facts }) => facts.student?.steps);
  const remarks = remarksOnClasses("parent", parent);
  if (adversarial && its !== undefined) {
    const { from, to } = adversarial;
    const option = sight ? "adversarial.network" : "parent";
    remarks.push(
      `warning: ${option}: a student, trained at t = i / ${its} alone, through which the critic looks at t from ` +
        `${from} to ${to}; set adversarial.network to the undistilled teacher`,
    );
  }
  if (target.features > 0 && own !== undefined) {
    remarks.push(
      `warning: parent: a student, trained at t = i / ${own} alone, whose features are held against each other at ` +
        `t = ${FEATURES_TIME}`,
    );
  }
  return remarks;
}
