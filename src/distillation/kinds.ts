// Distillation as tasks of training, and all kinds of tasks there are.

import { taskOf as trainingTask } from "../training/kinds.js";
import type { TrainingTask } from "../training/kinds.js";
import { checkDocument } from "../training/run/checked.js";
import { checkTeacherData } from "../training/teacher/data.js";
import {
  distributionDigest,
  distributionEvaluations,
  distributionSchema,
  distributionUpdates,
} from "./distribution-run/config.js";
import type { DistributionConfig } from "./distribution-run/config.js";
import { exportDistribution } from "./distribution-run/export.js";
import { readDistributionModels, trainDistribution } from "./distribution-run/train.js";
import { latentDigest, latentSchema } from "./latent-run/config.js";
import type { LatentConfig } from "./latent-run/config.js";
import { exportLatent } from "./latent-run/export.js";
import { checkLatent, latentParentDigest, trainLatent } from "./latent-run/train.js";
import { distillationDigest, distillationSchema, roundsOf, studentConfig } from "./run/config.js";
import type { DistillationConfig } from "./run/config.js";
import { exportStudent } from "./run/export.js";
import { expectGuidance } from "./run/guidance.js";
import { distillationRemarks, remarksOnClasses } from "./run/remarks.js";
import { completedIn, readParent, readSight, trainDistillation } from "./run/train.js";
import {
  asDistillation,
  semanticDigest,
  semanticRound,
  semanticSchema,
} from "./semantic-run/config.js";
import type { SemanticConfig } from "./semantic-run/config.js";
import { lastingDigest } from "../training/digest.js";
import { textStudentSchema } from "./text-run/config.js";
import type { TextStudentConfig } from "./text-run/config.js";
import { exportTextStudent } from "./text-run/export.js";
import { readTextParent } from "./text-run/parent.js";
import { trainTextStudent } from "./text-run/train.js";
import { exportSemantic } from "./semantic-run/export.js";
import { readSemanticParents, trainSemantic } from "./semantic-run/train.js";

/** The distillation that a configuration describes. */
function distillationTask(config: DistillationConfig): TrainingTask {
  const rounds = roundsOf(config);
  const last = rounds.at(-1)!;
  return {
    ...{ config, batch: config.batch, digest: distillationDigest(config) },
    steps: last.before + last.updates,
    shortestRound: Math.min(...rounds.map(({ updates }) => updates)),
    check: async () => {
      const parent = await readParent(config);
      expectGuidance(config.guidance, parent);
      await readSight(config, parent);
      await checkTeacherData(studentConfig(config, parent, rounds[0]!), parent.facts.classes);
    },
    parents: async () => {
      const parent = await readParent(config);
      const sight = await readSight(config, parent);
      const own = { parent: parent.digest };
      return sight === undefined ? own : { ...own, "adversarial.network": sight.digest };
    },
    remarks: async () => {
      const parent = await readParent(config);
      return distillationRemarks(config, { parent, sight: await readSight(config, parent) });
    },
    completedIn: (folder) => completedIn(config, folder),
    train: (options) => trainDistillation(config, options),
    export: async (trained, folder) => {
      await exportStudent(config, await readParent(config), last, trained, folder);
      return rounds.map(({ steps, updates, evaluations }) => {
        const spent = updates * evaluations * config.batch;
        return `student of ${steps} steps: ${updates} updates, ${spent} of ${config.budget} evaluations`;
      });
    },
  };
}

/** The training of encoder and predictor that a configuration describes. */
function semanticTask(config: SemanticConfig): TrainingTask {
  const { updates, evaluations } = semanticRound(config);
  return {
    ...{ config, batch: config.batch, digest: semanticDigest(config), steps: updates },
    check: async () => {
      const { student, teacher } = await readSemanticParents(config);
      expectGuidance(config.guidance, teacher);
      const its = studentConfig(asDistillation(config), student, semanticRound(config));
      await checkTeacherData(its, student.facts.classes);
    },
    parents: async () => {
      const { student, teacher } = await readSemanticParents(config);
      return { student: student.digest, teacher: teacher.digest };
    },
    train: (options) => trainSemantic(config, options),
    export: async (trained, folder) => {
      await exportSemantic(config, trained, folder);
      const spent = trained.step * evaluations * config.batch;
      return [`encoder and predictor: ${trained.step} updates, ${spent} evaluations`];
    },
  };
}

/** The matching of distributions that a configuration describes. */
function distributionTask(config: DistributionConfig): TrainingTask {
  const { batch } = config;
  const steps = distributionUpdates(config);
  return {
    ...{ config, batch, steps, digest: distributionDigest(config) },
    check: async () => {
      expectGuidance(config.guidance, (await readDistributionModels(config)).teacher);
    },
    parents: async () => {
      const { student, teacher } = await readDistributionModels(config);
      return { student: student.digest, teacher: teacher.digest };
    },
    remarks: async () => {
      return remarksOnClasses("teacher", (await readDistributionModels(config)).teacher);
    },
    train: (options) => trainDistribution(config, options),
    export: async (trained, folder) => {
      await exportDistribution(config, trained, folder);
      const spent = trained.step * distributionEvaluations(config) * batch;
      return [
        `student of 1 step: ${trained.step} updates, ${spent} of ${config.budget} evaluations`,
      ];
    },
  };
}

/** The training of a latent network that a configuration describes. */
function latentTask(config: LatentConfig): TrainingTask {
  // What the latents' statistics are, a run finds out on the way.
  let run: string | undefined;
  return {
    ...{ config, batch: config.batch, digest: latentDigest(config), steps: config.steps },
    check: () => checkLatent(config),
    parents: async () => ({ parent: await latentParentDigest(config) }),
    train: (options) => {
      run = options.folder;
      return trainLatent(config, options);
    },
    export: async (trained, folder) => {
      if (run === undefined) throw new Error("export: expected a trained latent network, got none");
      await exportLatent(config, trained, folder, run);
      return [];
    },
  };
}

/** The distillation of a text-to-image model that a configuration describes. */
function textStudentTask(config: TextStudentConfig): TrainingTask {
  const { batch, steps } = config;
  return {
    ...{ config, batch, steps, digest: lastingDigest(config) },
    check: async () => void (await readTextParent(config)),
    parents: async () => ({ parent: (await readTextParent(config)).digest }),
    train: (options) => trainTextStudent(config, options),
    export: async (trained, folder) => {
      await exportTextStudent(config, trained, folder);
      return [];
    },
  };
}

/**
 * The task that a configuration describes, of any kind.
 *
 * @throws FollowspotError naming every field at fault
 */
export function taskOf(json: Readonly<Record<string, unknown>>): TrainingTask {
  return trainingTask(json, {
    distillation: (document) => distillationTask(checkDocument(distillationSchema, document)),
    semantic: (document) => semanticTask(checkDocument(semanticSchema, document)),
    "text-to-image-student": (document) =>
      textStudentTask(checkDocument(textStudentSchema, document)),
    "distribution-matching": (document) =>
      distributionTask(checkDocument(distributionSchema, document)),
    latent: (document) => latentTask(checkDocument(latentSchema, document)),
  });
}
