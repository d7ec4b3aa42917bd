// The graph of a step: student and fake network trained, the teacher at rest.

import { Packing } from "../../nn/packed-weights.js";
import { keepMaps } from "../../nn/attention.js";
import { scoped } from "../../nn/weights.js";
import type { LossBuilder } from "../../training/step.js";
import { teacherPacking } from "../../training/teacher/index.js";
import type { Teacher } from "../../training/teacher/index.js";
import { distributionLoss } from "../distribution.js";
import { classLabelsOf, pictureNetwork } from "../network.js";
import { teacherOf } from "../run/round.js";
import type { NamedWeights } from "../run/round.js";
import type { DistributionConfig } from "./config.js";

/** Where the weights of the two stand. */
export const STUDENT = "student";
export const FAKE = "fake";

/** The packing of both networks, `student.…` and `fake.…`. */
export function distributionPacking(parent: Teacher): Packing {
  const { specs } = teacherPacking(parent);
  const under = (name: string) => specs.map((spec) => ({ ...spec, name: `${name}.${spec.name}` }));
  return new Packing([...under(STUDENT), ...under(FAKE)]);
}

/** What both begin with: the student's weights, and the teacher's. */
export function distributionStart(student: NamedWeights, teacher: NamedWeights): NamedWeights {
  const under = (name: string, weights: NamedWeights) =>
    [...weights].map(([weight, value]) => [`${name}.${weight}`, value] as const);
  return new Map([...under(STUDENT, student), ...under(FAKE, teacher)]);
}

/** The loss of a step. Inputs as of `distributionLoss`, and `classLabels` int64 [N] for networks with classes. */
export function distributionStepLoss(config: DistributionConfig, teacher: Teacher): LossBuilder {
  const { unet, head, size } = teacher;
  const { batch, clamp, guidance } = config;
  return (trained, graph) => {
    const shared = { head, classLabels: classLabelsOf(graph, unet, batch) };
    const own = (name: string) =>
      pictureNetwork(scoped(trained, name), unet, { ...shared, policy: keepMaps }).predict;
    const its = { parent: teacher, weights: teacher.weights, guided: guidance !== null };
    const networks = {
      student: own(STUDENT),
      fake: own(FAKE),
      teacher: teacherOf(graph, { guidance, clamp }, its, shared),
    };
    return distributionLoss(graph, networks, {
      ...{ batch, picture: [size, size, unet.in_channels], clamp: clamp ?? undefined },
    });
  };
}
