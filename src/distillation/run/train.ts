// Trains the students of a distillation run, each the teacher of the next.

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { FollowspotError } from "../../core/errors.js";
import { checkpointsIn } from "../../training/checkpoint.js";
import type { Packing } from "../../nn/packed-weights.js";
import type { TrainOptions } from "../../training/fit.js";
import { weightsDigest } from "../../training/digest.js";
import { TELL } from "../../training/loop-failures.js";
import { keepFacts, openTeacherData } from "../../training/teacher/data.js";
import { readTeacher } from "../../training/teacher/index.js";
import type { Teacher } from "../../training/teacher/index.js";
import type { Trained } from "../../training/trained.js";
import type { Trainer } from "../../training/trainer.js";
import { expectKnownTimes, teacherTimes } from "../known-times.js";
import {
  expectAlone,
  expectDropout,
  expectOneForm,
  expectPictureHead,
  expectSkipHead,
} from "../network.js";
import { roundsOf, studentConfig } from "./config.js";
import type { DistillationConfig, Round } from "./config.js";
import { exportStudent } from "./export.js";
import { finishedRound, roundFolder, studentOf, trainRound } from "./round.js";
import type { NamedWeights, RoundParts } from "./round.js";

/** Folder of the students before the last in the run's folder. */
const STUDENTS = "students";

/**
 * The first teacher of a run.
 *
 * @throws FollowspotError when its folder is missing or damaged, its head tells nothing at t = 1 or does not fit the
 *   target, it lacks the classes that are to be dropped, or it is a student that does not know the times at which the first round asks it
 */
export async function readParent(config: DistillationConfig): Promise<Teacher> {
  const { parent, target, rounds } = config;
  const teacher = await readTeacher(parent);
  expectAlone("parent", teacher);
  expectPictureHead("parent", teacher);
  if (target.kind === "consistency") expectSkipHead("parent", teacher);
  expectDropout(config, teacher);
  const asked = teacherTimes(target, rounds.first);
  expectKnownTimes("parent", teacher, asked, remedyOf(config, teacher));
  return teacher;
}

/** What to set where a parent is a student of too few steps. */
function remedyOf({ target }: DistillationConfig, { facts }: Teacher): string {
  const undistilled = "parent to the undistilled teacher that it comes from";
  const most = (facts.student?.steps ?? 0) / target.substeps;
  if (target.kind === "reference" || !Number.isInteger(most)) return `Set ${undistilled}.`;
  const rounds = target.kind === "progressive" ? "rounds.first" : "rounds.first and rounds.last";
  return `Set ${rounds} to ${most}, or ${undistilled}.`;
}

/**
 * The network through which a critic looks, where it is not the parent.
 *
 * @throws FollowspotError when its folder is missing or damaged, or it is of another form than the parent
 */
export async function readSight(
  { adversarial }: DistillationConfig,
  parent: Teacher,
): Promise<Teacher | undefined> {
  if (adversarial?.network === undefined) return undefined;
  const sight = await readTeacher(adversarial.network);
  expectOneForm("adversarial.network and parent", sight, parent);
  return sight;
}

/** The last round that was trained, and whether all rounds are done. */
interface Ended {
  readonly trainer: Trainer;
  readonly packing: Packing;
  readonly done: boolean;
}

/**
 * Trains until all rounds are done or the signal comes. Each student but the last is written to `students/<steps>`.
 *
 * @returns the last round's trainer, how its vectors are packed, and whether all rounds are done
 * @throws FollowspotError when the parent, the data set or a checkpoint does not fit, or a step is not finite
 */
export async function trainDistillation(
  config: DistillationConfig,
  options: TrainOptions,
): Promise<Ended> {
  const { folder, signal, onStage } = options;
  await mkdir(folder, { recursive: true });
  const parent = await readParent(config);
  const sight = await readSight(config, parent);
  onStage?.("opening the pictures");
  const first = studentConfig(config, parent, roundsOf(config)[0]!);
  const data = await openTeacherData(first, signal, parent.facts.classes);
  try {
    await keepFacts(folder, data);
    (await lostRounds(config, folder)).forEach(options.onWarning ?? TELL);
    const parts = { parent, teacher: parent.weights, sight, data };
    return await trainRounds(config, parts, startedOnce(options));
  } finally {
    await data.close();
  }
}

/** The same options, of which how far the run is, is told once. */
function startedOnce(options: TrainOptions): TrainOptions {
  let started = false;
  return {
    ...options,
    onStart: async (completed) => {
      const told = started;
      started = true;
      if (!told) await options.onStart?.(completed);
    },
  };
}

async function trainRounds(
  config: DistillationConfig,
  parts: RoundParts,
  options: TrainOptions,
): Promise<Ended> {
  const rounds = roundsOf(config);
  let { teacher } = parts;
  for (const round of rounds.slice(0, -1)) {
    const { student, stopped } = await nextTeacher(config, { ...parts, teacher }, round, options);
    if (stopped) return stopped;
    teacher = student;
  }
  return trainTold(config, { ...parts, teacher }, rounds.at(-1)!, options);
}

/** The student of a round, finished before or trained now, in its folder; or the round where the signal came. */
async function nextTeacher(
  config: DistillationConfig,
  parts: RoundParts,
  round: Round,
  options: TrainOptions,
): Promise<{ student: NamedWeights; stopped?: never } | { student?: never; stopped: Ended }> {
  const { parent } = parts;
  const { folder, signal } = options;
  const known = await finishedRound(config, parent, round, options);
  if (known) {
    const student = weightsOf(config, parent, round, known);
    // The run may have stopped between its last checkpoint and its student's folder.
    const kept = await digestAt(studentFolder(folder, round));
    if (kept !== weightsDigest(student)) await keepStudent(config, parent, round, known, folder);
    return { student };
  }
  const ended = await trainTold(config, parts, round, options);
  if (!ended.done) return { stopped: ended };
  const made = { packing: ended.packing, average: ended.trainer.state.average };
  await keepStudent(config, parent, round, made, folder);
  if (signal?.aborted) return { stopped: { ...ended, done: false } };
  return { student: weightsOf(config, parent, round, made) };
}

/** Trains a round, and says which. */
function trainTold(
  config: DistillationConfig,
  parts: RoundParts,
  round: Round,
  options: TrainOptions,
): Promise<Ended> {
  options.onStage?.(`student of ${round.steps} steps`);
  return trainRound(config, parts, round, options);
}

/** What a round trained. */
type Made = Pick<Trained, "packing" | "average">;

const studentFolder = (folder: string, { steps }: Round): string =>
  join(folder, STUDENTS, String(steps));

/** Writes a student that is the teacher of the next. */
async function keepStudent(
  config: DistillationConfig,
  parent: Teacher,
  round: Round,
  made: Made,
  folder: string,
): Promise<void> {
  await mkdir(join(folder, STUDENTS), { recursive: true });
  await exportStudent(config, parent, round, made, studentFolder(folder, round));
}

/** Digest of the weights in a student's folder; undefined where there is none that is whole. */
async function digestAt(folder: string): Promise<string | undefined> {
  if (!existsSync(folder)) return undefined;
  try {
    return (await readTeacher(folder)).digest;
  } catch (error) {
    if (error instanceof FollowspotError) return undefined;
    throw error;
  }
}

/** The student's weights, of what a round trained. */
function weightsOf(
  config: DistillationConfig,
  parent: Teacher,
  round: Round,
  made: Made,
): NamedWeights {
  const { packing, average } = studentOf(config, parent, round, made);
  return packing.unpack(average.data);
}

/** Steps that a run's folder holds, over the rounds up to the first that is not over. */
export async function completedIn(config: DistillationConfig, folder: string): Promise<number> {
  let total = 0;
  for (const round of roundsOf(config)) {
    const completed = await stepsOf(round, folder);
    total += completed;
    if (completed < round.updates) break;
  }
  return total;
}

async function stepsOf(round: Round, folder: string): Promise<number> {
  return (await checkpointsIn(roundFolder(folder, round))).at(-1)?.completed ?? 0;
}

/** Warnings of rounds that were once over, by what came of them, and whose checkpoints are gone. */
async function lostRounds(config: DistillationConfig, folder: string): Promise<string[]> {
  const lost: string[] = [];
  let later: string | undefined;
  for (const round of roundsOf(config).reverse()) {
    const [its, completed] = [roundFolder(folder, round), await stepsOf(round, folder)];
    const student = studentFolder(folder, round);
    const proof = existsSync(student) ? student : later;
    if (proof !== undefined && completed < round.updates) {
      const held = completed > 0 ? `step ${completed} of ${round.updates} only` : "no checkpoint";
      lost.unshift(`warning: ${its} has ${held}, though ${proof} is there: it is trained again`);
    }
    if (completed > 0) later = its;
  }
  return lost;
}
