// One round: the graph of a student's step with its teacher inside, and the training of it.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Generator } from "../../core/generator.js";
import type { HostTensor } from "../../core/tensor.js";
import type { Graph, Value } from "../../engine/graph.js";
import {
  attentionGuided,
  clamped,
  clampedPredict,
  siteNamed,
} from "../../guidance/self-attention/index.js";
import type { Predict } from "../../guidance/self-attention/index.js";
import type { PictureDataset } from "../../io/dataset/index.js";
import { sitesOf2D } from "../../models/unet2d/index.js";
import { keepMaps } from "../../nn/attention.js";
import { initialise } from "../../nn/init.js";
import { PackedWeights } from "../../nn/packed-weights.js";
import type { Packing } from "../../nn/packed-weights.js";
import { loadLatestCheckpoint } from "../../training/checkpoint.js";
import { fit, sheetDue } from "../../training/fit.js";
import type { Fit, TrainOptions } from "../../training/fit.js";
import { streamOf } from "../../training/data/streams.js";
import { warmupCosine } from "../../training/schedule.js";
import type { LossBuilder } from "../../training/step.js";
import { teacherPacking } from "../../training/teacher/index.js";
import type { Teacher } from "../../training/teacher/index.js";
import type { Trained } from "../../training/trained.js";
import type { Trainer } from "../../training/trainer.js";
import { frozenVector } from "../frozen.js";
import { distillationLoss } from "../loss.js";
import { classLabelsOf, frozenWeights, pictureNetwork } from "../network.js";
import { judged, rateOf, withCritic, withoutCritic } from "./adversarial.js";
import { StudentBatches } from "./batches.js";
import { distillationDigest, roundDigest, studentConfig } from "./config.js";
import type { DistillationConfig, Round } from "./config.js";
import { distanceOf } from "./features.js";
import type { Guidance } from "./guidance.js";
import { continuationOf, drawStudentSheet } from "./sheet.js";

/** Weights by name. */
export type NamedWeights = ReadonlyMap<string, HostTensor<"float32">>;

/** What a round is made of besides its configuration. */
export interface RoundParts {
  readonly parent: Teacher;
  /** The round's teacher: the parent's weights, or those of the student before. */
  readonly teacher: NamedWeights;
  /** Through whose way down a critic looks; the parent's when absent. */
  readonly sight?: Teacher | undefined;
  readonly data: PictureDataset;
}

/** The folder of a round in that of the run. */
export function roundFolder(folder: string, { steps }: Round): string {
  return join(folder, `round-${String(steps).padStart(4, "0")}`);
}

/** The packing of what a round trains: a student, and a critic where one judges it. */
export function roundPacking(config: DistillationConfig, parent: Teacher, round: Round): Packing {
  const packing = teacherPacking(studentConfig(config, parent, round));
  return round.judged ? withCritic(packing, parent) : packing;
}

/**
 * A step's loss: teacher (as constants), target network (from the frozen vector) and student in one graph. Inputs as
 * of `distillationLoss`, `classLabels` int64 [N] for networks with classes, and those of `judged` where a critic judges.
 */
export function roundLoss(
  config: DistillationConfig,
  { parent, teacher: weights, sight = parent }: Omit<RoundParts, "data">,
  round: Round,
  packing: Packing,
): LossBuilder {
  const { head, unet, size } = parent;
  const { batch, target, clamp } = config;
  return (trained, graph) => {
    const shared = { head, classLabels: classLabelsOf(graph, unet, batch) };
    const range = clamp ?? undefined;
    const average = (): Predict => {
      const vector: Value = frozenVector(graph, packing, target.network);
      const frozen = new PackedWeights(vector, packing);
      return clampedPredict(pictureNetwork(frozen, unet, shared).predict, range);
    };
    const networks = {
      student: pictureNetwork(trained, unet, { ...shared, policy: keepMaps }).predict,
      teacher: teacherOf(graph, config, { parent, weights, guided: round.guided }, shared),
      average: target.kind === "consistency" ? average() : undefined,
    };
    const picture = [size, size, unet.in_channels] as const;
    const shape = { batch, picture, substeps: target.substeps, steps: round.steps };
    const distance = distanceOf(graph, target, parent, shared.classLabels);
    const step = distillationLoss(graph, target.kind, networks, shape, distance);
    const { adversarial } = config;
    if (!round.judged || !adversarial) return step;
    const made = clamped(step.made, range);
    return judged(trained, sight, { ...step, made }, { ...adversarial, ...shared });
  };
}

/** The round's teacher in a graph, guided or not, its pictures clamped. */
export function teacherOf(
  graph: Graph,
  { guidance, clamp }: { readonly guidance: Guidance | null; readonly clamp: number | null },
  teacher: { readonly parent: Teacher; readonly weights: NamedWeights; readonly guided: boolean },
  shared: { readonly head: Teacher["head"]; readonly classLabels: Value | undefined },
): Predict {
  const { unet, size } = teacher.parent;
  const weights = frozenWeights(graph, "teacher", teacher.weights);
  const range = clamp ?? undefined;
  if (!teacher.guided || guidance === null) {
    return clampedPredict(pictureNetwork(weights, unet, shared).predict, range);
  }
  const { site: name, ...options } = guidance;
  const site = siteNamed("guidance.site", sitesOf2D(unet, size, size), name);
  return attentionGuided(pictureNetwork(weights, unet, { ...shared, site }), {
    ...options,
    clamp: range,
  });
}

/** Trains one round until its updates are done or the signal comes. */
export async function trainRound(
  config: DistillationConfig,
  parts: RoundParts,
  round: Round,
  options: TrainOptions,
): Promise<{ trainer: Trainer; packing: Packing; done: boolean }> {
  const folder = roundFolder(options.folder, round);
  await mkdir(folder, { recursive: true });
  const { parent, teacher, data } = parts;
  const student = studentConfig(config, parent, round);
  const packing = roundPacking(config, parent, round);
  const batches = new StudentBatches(data, config, student, round, parent.schedule);
  const { updates: steps } = round;
  const task: Fit = {
    ...{ packing, steps, batchSize: config.batch },
    digest: roundDigest(distillationDigest(config), round),
    loss: roundLoss(config, parts, round, packing),
    optimiser: {
      ...{ weightDecay: config.weight_decay, clipNorm: config.clip_norm },
      rateOf: round.judged && config.adversarial ? rateOf(config.adversarial) : undefined,
    },
    learningRate: warmupCosine({ ...config.learning_rate, steps }),
    emaDecay: config.ema.decay,
    start: () => startOf(packing, teacher, streamOf(config.seed, 0)),
    batchOf: (k) => batches.at(k),
    afterStep: async (k, { state }) => {
      if (!sheetDue(k, steps, config, options)) return;
      // As it will be drawn: a consistency student in one step, not in those of its grid.
      const { draw } = student;
      const facts = { parent, steps: draw.steps, continuation: continuationOf(config), draw };
      const { average } = studentOf(config, parent, round, { packing, average: state.average });
      await drawStudentSheet(round.before + k, facts, average, options);
    },
  };
  return { packing, ...(await fit(task, withinRun(options, folder, round))) };
}

/** What a round begins with: its teacher, and a critic that knows nothing. */
function startOf({ specs }: Packing, teacher: NamedWeights, generator: Generator): NamedWeights {
  const fresh = specs.filter(({ name }) => !teacher.has(name));
  return new Map([...teacher, ...initialise(fresh, generator)]);
}

/** The student alone of what a round trained. */
export function studentOf(
  config: DistillationConfig,
  parent: Teacher,
  round: Round,
  { packing, average }: Pick<Trained, "packing" | "average">,
): Pick<Trained, "packing" | "average"> {
  const own = teacherPacking(studentConfig(config, parent, round));
  return { packing: own, average: withoutCritic(own, packing, average) };
}

/** The options of a round in its folder, told of as steps of the whole run. */
function withinRun(options: TrainOptions, folder: string, round: Round): TrainOptions {
  const { onStart, onStep, onReport } = options;
  const { before } = round;
  return {
    ...options,
    folder,
    accept: options.accept?.map((digest) => roundDigest(digest, round)),
    onStart: (completed) => onStart?.(before + completed),
    onStep: (k, report) => onStep?.(before + k, report),
    onReport: (report, trainer) => onReport?.({ ...report, step: before + report.step }, trainer),
  };
}

/** What a round that is over trained; undefined when it is not over. Throws as `loadLatestCheckpoint`. */
export async function finishedRound(
  config: DistillationConfig,
  parent: Teacher,
  round: Round,
  { folder, accept = [] }: Pick<TrainOptions, "folder" | "accept">,
): Promise<Pick<Trained, "packing" | "average"> | undefined> {
  const packing = roundPacking(config, parent, round);
  const digests = [distillationDigest(config), ...accept].map((d) => roundDigest(d, round));
  const found = await loadLatestCheckpoint(roundFolder(folder, round), digests, packing.size);
  if (!found || found.completed < round.updates) return undefined;
  return { packing, average: found.state.average };
}
