// Trains encoder and predictor beside a frozen student, and measures what the latent tells.

import { mkdir } from "node:fs/promises";
import { FollowspotError } from "../../core/errors.js";
import { integers } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime, Tensors } from "../../engine/runtime/session.js";
import type { PictureDataset } from "../../io/dataset/index.js";
import { ConstantWeights } from "../../nn/constant-weights.js";
import { initialise } from "../../nn/init.js";
import type { Packing } from "../../nn/packed-weights.js";
import { streamOf } from "../../training/data/streams.js";
import { fit, sheetDue } from "../../training/fit.js";
import type { Fit, TrainOptions } from "../../training/fit.js";
import { weightsUnder } from "../../training/half.js";
import { warmupCosine } from "../../training/schedule.js";
import { keepFacts, openTeacherData } from "../../training/teacher/data.js";
import { readTeacher } from "../../training/teacher/index.js";
import type { Teacher } from "../../training/teacher/index.js";
import type { Trainer } from "../../training/trainer.js";
import { gridFeeds } from "../grid.js";
import { expectKnownTimes, teacherTimes, timesOfSteps } from "../known-times.js";
import { expectAlone, expectDropout, expectPictureHead, expectSkipHead } from "../network.js";
import { StudentBatches } from "../run/batches.js";
import { studentConfig } from "../run/config.js";
import { TOLD } from "../semantic.js";
import type { Told } from "../semantic.js";
import { asDistillation, partsOf, semanticDigest, semanticRound } from "./config.js";
import type { SemanticConfig } from "./config.js";
import { predictorContinuation } from "./export.js";
import type { SemanticStudent } from "./export.js";
import {
  ENCODER,
  PREDICTOR,
  semanticInformation,
  semanticPacking,
  semanticStepLoss,
} from "./loss.js";
import type { SemanticModels } from "./loss.js";
import { drawToldSheet } from "./sheet.js";

/**
 * The student and the teacher of a configuration.
 *
 * @throws FollowspotError when a folder is missing or damaged, they do not fit each other, or a head does not fit the target
 */
export async function readSemanticModels(config: SemanticConfig): Promise<SemanticModels> {
  const [student, teacher] = [await readTeacher(config.student), await readTeacher(config.teacher)];
  const told = ({ size, unet, facts }: typeof student): string =>
    JSON.stringify([size, unet.in_channels, unet.num_class_embeds, facts.schedule]);
  if (told(student) !== told(teacher)) {
    throw new FollowspotError(
      "distil: expected student and teacher of one size, number of classes and schedule, got " +
        `${told(student)} and ${told(teacher)}.`,
    );
  }
  expectPictureHead("student", student);
  expectPictureHead("teacher", teacher);
  if (config.target.kind === "consistency") expectSkipHead("student", student);
  partsOf(config, student);
  return { student, teacher };
}

/**
 * As `readSemanticModels`, of a run.
 *
 * @throws FollowspotError besides, when one has encoder and predictor already, or is a student that does not know the
 *   times at which it is asked, or when there are no classes to drop
 */
export async function readSemanticParents(config: SemanticConfig): Promise<SemanticModels> {
  const models = await readSemanticModels(config);
  const { student, teacher } = models;
  expectAlone("student", student);
  expectAlone("teacher", teacher);
  expectDropout(config, student);
  const { student_steps: steps, target } = config;
  const own = student.facts.student?.steps;
  const fewer = `Set student_steps to ${own}, or to a number that divides it.`;
  expectKnownTimes("student", student, timesOfSteps(steps), fewer);
  const before =
    "Set teacher to the teacher that the student learned from, or to the undistilled one.";
  expectKnownTimes("teacher", teacher, teacherTimes(target, steps), before);
  return models;
}

/** The batches of a run. */
function batchesOf(
  config: SemanticConfig,
  { student }: SemanticModels,
  data: PictureDataset,
): StudentBatches {
  const [plain, round] = [asDistillation(config), semanticRound(config)];
  const its = studentConfig(plain, student, round);
  return new StudentBatches(data, plain, its, round, student.schedule);
}

/**
 * Trains until the updates that the budget allows are done or the signal comes.
 *
 * @throws FollowspotError when the models, the data set or a checkpoint does not fit, or a loss is no number
 */
export async function trainSemantic(
  config: SemanticConfig,
  options: TrainOptions,
): Promise<{ trainer: Trainer; packing: Packing; done: boolean }> {
  const { folder, signal, onStage } = options;
  await mkdir(folder, { recursive: true });
  const models = await readSemanticParents(config);
  onStage?.("opening the pictures");
  const round = semanticRound(config);
  const its = studentConfig(asDistillation(config), models.student, round);
  const data = await openTeacherData(its, signal, models.student.facts.classes);
  try {
    await keepFacts(folder, data);
    const packing = semanticPacking(config, models.student);
    const batches = batchesOf(config, models, data);
    const steps = round.updates;
    const task: Fit = {
      ...{ packing, steps, batchSize: config.batch, digest: semanticDigest(config) },
      loss: semanticStepLoss(config, models),
      optimiser: { weightDecay: config.weight_decay, clipNorm: config.clip_norm },
      learningRate: warmupCosine({ ...config.learning_rate, steps }),
      emaDecay: config.ema.decay,
      start: () => initialise(packing.specs, streamOf(config.seed, 0)),
      batchOf: (k) => batches.at(k),
      afterStep: async (k, { state }) => {
        if (!sheetDue(k, steps, config, options)) return;
        const weights = packing.unpack(state.average.data);
        const semantic = joined(config, models.student, weights);
        await drawToldSheet(k, semantic, data, config.draw, options);
      },
    };
    return { packing, ...(await fit(task, options)) };
  } finally {
    await data.close();
  }
}

/** Student, encoder and predictor as trained so far. */
function joined(
  config: SemanticConfig,
  student: Teacher,
  weights: ReadonlyMap<string, HostTensor<"float32">>,
): SemanticStudent {
  const { encoder, predictor } = partsOf(config, student);
  return {
    ...{ student, factor: config.factor, source: config.source },
    trained: {
      ...{ steps: config.student_steps, kind: config.target.kind },
      continuation: predictorContinuation(config),
    },
    encoder: { config: encoder, weights: weightsUnder(`${ENCODER}.`, weights) },
    predictor: { config: predictor, weights: weightsUnder(`${PREDICTOR}.`, weights) },
  };
}

/** Mean errors at one of the student's times: with a picture's own latent, with another's, with none. */
export interface Information extends Readonly<Record<Told, number>> {
  readonly t: number;
}

/**
 * The information test: the error by time, over `batches` batches of the data set. If another picture's latent serves as
 * well as its own, the predictor cannot help.
 *
 * @param weights - of encoder and predictor, by name
 */
export async function measureInformation(
  config: SemanticConfig,
  models: SemanticModels,
  {
    weights,
    batches,
  }: {
    readonly weights: ReadonlyMap<string, HostTensor>;
    readonly batches: number;
  },
  { runtime }: { readonly runtime: Runtime },
): Promise<Information[]> {
  const its = studentConfig(asDistillation(config), models.student, semanticRound(config));
  const graph = semanticInformation(config, models, new ConstantWeights(new Graph(), weights));
  const session = await runtime.compile(graph);
  const opened = openTeacherData(its, undefined, models.student.facts.classes);
  const data = await opened.catch(async (error: unknown) => {
    await session.release();
    throw error;
  });
  try {
    const source = batchesOf(config, models, data);
    const rows: Information[] = [];
    for (let i = 1; i <= config.student_steps; i++) {
      const sums: Record<Told, number> = { own: 0, shuffled: 0, zero: 0 };
      for (let k = 1; k <= batches; k++) {
        const made = await session.run(informationFeeds(config, models, await source.at(k), i));
        for (const name of TOLD) sums[name] += meanOf(made[name]!) / batches;
      }
      rows.push({ t: i / config.student_steps, ...sums });
    }
    return rows;
  } finally {
    await session.release();
    await data.close();
  }
}

/** A batch's pictures, noise and classes, all at time i of the student, and each with the next one's latent when shuffled. */
function informationFeeds(
  { batch, student_steps: steps, target }: SemanticConfig,
  { student }: SemanticModels,
  { pictures, noise, classLabels }: Tensors,
  i: number,
): Tensors {
  const grid = { ...target, weighting: target.loss, schedule: student.schedule, steps };
  const order = integers(
    [batch],
    Array.from({ length: batch }, (_, n) => (n + 1) % batch),
  );
  return {
    ...{ pictures: pictures!, noise: noise!, order },
    ...gridFeeds(new Array<number>(batch).fill(i), grid),
    ...(classLabels ? { classLabels } : {}),
  };
}

function meanOf({ data }: HostTensor): number {
  const values = data as Float32Array;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
