// Trains a student of one step to draw its teacher's distribution, beside a network that follows its own.

import { mkdir } from "node:fs/promises";
import type { HostTensor } from "../../core/tensor.js";
import { floats } from "../../core/tensor.js";
import type { Packing } from "../../nn/packed-weights.js";
import { fit, sheetDue } from "../../training/fit.js";
import type { Fit, TrainOptions } from "../../training/fit.js";
import { weightsUnder } from "../../training/half.js";
import { warmupCosine } from "../../training/schedule.js";
import { readTeacher, teacherPacking } from "../../training/teacher/index.js";
import type { Teacher } from "../../training/teacher/index.js";
import type { Trained } from "../../training/trained.js";
import type { Trainer } from "../../training/trainer.js";
import { expectUndistilled } from "../known-times.js";
import { expectAlone, expectOneForm, expectPictureHead } from "../network.js";
import { drawStudentSheet } from "../run/sheet.js";
import { distributionBatch } from "./batches.js";
import { distributionDigest, distributionUpdates } from "./config.js";
import type { DistributionConfig } from "./config.js";
import { STUDENT, distributionPacking, distributionStart, distributionStepLoss } from "./loss.js";

/** Student and teacher of a configuration. */
export interface DistributionModels {
  readonly student: Teacher;
  readonly teacher: Teacher;
}

/**
 * The student and the teacher of a configuration.
 *
 * @throws FollowspotError when a folder is missing or damaged, the two are not of one form, or the teacher is a student
 */
export async function readDistributionModels(
  config: Pick<DistributionConfig, "student" | "teacher">,
): Promise<DistributionModels> {
  const [student, teacher] = [await readTeacher(config.student), await readTeacher(config.teacher)];
  expectAlone("student", student);
  expectAlone("teacher", teacher);
  expectUndistilled("teacher", teacher);
  expectPictureHead("teacher", teacher);
  expectOneForm("student and teacher", student, teacher);
  return { student, teacher };
}

/** The student alone of both networks' weights. */
export function studentOf(
  packing: Packing,
  average: HostTensor<"float32">,
  parent: Teacher,
): Pick<Trained, "packing" | "average"> {
  const own = teacherPacking(parent);
  const weights = weightsUnder(`${STUDENT}.`, packing.unpack(average.data));
  return { packing: own, average: floats([own.size], own.pack(weights)) };
}

/**
 * Trains until the updates that the budget allows are done or the signal comes.
 *
 * @throws FollowspotError when the models or a checkpoint does not fit, or a loss is no number
 */
export async function trainDistribution(
  config: DistributionConfig,
  options: TrainOptions,
): Promise<{ trainer: Trainer; packing: Packing; done: boolean }> {
  await mkdir(options.folder, { recursive: true });
  const { student, teacher } = await readDistributionModels(config);
  const packing = distributionPacking(teacher);
  const steps = distributionUpdates(config);
  const facts = { parent: teacher, steps: 1, continuation: "ddim", draw: config.draw } as const;
  const task: Fit = {
    ...{ packing, steps, batchSize: config.batch, digest: distributionDigest(config) },
    loss: distributionStepLoss(config, teacher),
    optimiser: {
      ...{ weightDecay: config.weight_decay, clipNorm: config.clip_norm },
      rateOf: ({ name }) => (name.startsWith(`${STUDENT}.`) ? config.student_rate : 1),
    },
    learningRate: warmupCosine({ ...config.learning_rate, steps }),
    emaDecay: config.ema.decay,
    start: () => distributionStart(student.weights, teacher.weights),
    batchOf: async (k) => distributionBatch(config, teacher, k),
    afterStep: async (k, { state }) => {
      if (!sheetDue(k, steps, config, options)) return;
      const { average } = studentOf(packing, state.average, teacher);
      await drawStudentSheet(k, facts, average, options);
    },
  };
  return { packing, ...(await fit(task, options)) };
}
