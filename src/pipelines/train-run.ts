// The run that an order for training means: a new folder, or one to go on with, and its checked configuration.

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import type { JsonObject } from "../io/json.js";
import { taskOf } from "../distillation/kinds.js";
import { checkpointsIn } from "../training/checkpoint.js";
import type { Parents, TrainingTask } from "../training/kinds.js";
import { nameOf, readDocument, withOverrides } from "../training/run/document.js";
import { claimRun, createRun, findRun, readRun, writeRun } from "../training/run/folder.js";
import type { RunFacts } from "../training/run/folder.js";
import { lockRun } from "../training/run/lock.js";
import type { Release } from "../training/run/lock.js";
import { packageVersion } from "./draw-version.js";
import { remarksOn } from "./train-remarks.js";
import type { TrainRequest } from "./train-request.js";

/** Of a run that is trained on pictures of its own. */
const withPictures = z.object({ data: z.object({ path: z.string() }) });

/** Folder of the numbered runs. */
const RUNS = "runs";
/** The configuration of a new run when none is named. */
const USUAL = "stage";

/** What may change when a run is gone on with: all else is what its weights and pictures are. */
const CHANGEABLE = new Set([
  "steps",
  "learning_rate",
  "weight_decay",
  "ema_decay",
  "ema",
  "caption_dropout",
  "trailing_dropout",
  "word_dropout",
  "timesteps",
  "wrong_captions",
  "sample_every",
  "sample_prompts",
  "held_out",
  "draw",
]);

/** A run whose folder is there, and this process's own until it is released. */
export interface OpenedRun {
  readonly folder: string;
  readonly task: TrainingTask;
  readonly facts: RunFacts;
  /** What a person should know of it, a line each. */
  readonly remarks: readonly string[];
  readonly release: Release;
}

interface ResolvedRun {
  /** Of the run to go on with; undefined for a new one. */
  readonly folder: string | undefined;
  readonly task: TrainingTask;
  readonly facts: RunFacts;
  readonly remarks: readonly string[];
}

/**
 * What an order means; nothing is written.
 *
 * @throws FollowspotError on an unknown key or a wrong value, or when a run to go on with does not fit
 */
export async function resolveRun(request: TrainRequest): Promise<ResolvedRun> {
  const resolved =
    request.resume === undefined ? await newRun(request) : await oldRun(request, request.resume);
  await resolved.task.check();
  const parents = await checkedParents(resolved);
  const remarks = [...resolved.remarks, ...(await remarksOn(resolved.task))];
  return { ...resolved, remarks, facts: { ...resolved.facts, parents } };
}

/**
 * Checks that a run's parents are those that it began with.
 *
 * @returns their digests
 * @throws FollowspotError when one is missing, or another model by now
 */
export async function checkedParents({
  task,
  facts,
}: Pick<ResolvedRun, "task" | "facts">): Promise<Parents> {
  const parents = (await task.parents?.()) ?? {};
  const { parents: before = parents } = facts;
  const other = Object.keys(before).find((key) => parents[key] !== before[key]);
  if (other === undefined) return parents;
  const [expected, got] = [before, parents].map((its) => (its[other] ?? "none").slice(0, 12));
  throw new FollowspotError(
    `resume: ${other}: expected the model that the run began with, ${expected}, got ${got}.`,
    {
      remedy: `Put that model back, say where it lies now with --set ${other}=FOLDER, or start a new run.`,
    },
  );
}

/**
 * Makes or finds the folder of a resolved run, takes it, and writes down what it is.
 *
 * @throws FollowspotError as `resolveRun`, when the pictures of a new run are not there, and when another process trains
 *   in the folder
 */
export async function openRun(request: TrainRequest): Promise<OpenedRun> {
  const { task, facts, remarks, folder: old } = await resolveRun(request);
  const missing = missingPictures(task.config);
  // A run without its pictures would leave a folder that nobody can go on with.
  if (old === undefined && missing !== undefined) {
    throw new FollowspotError(`train: ${missing}.`, {
      remedy: "Put them there, or say where yours are: --set data.path=FOLDER.",
    });
  }
  const wanted = request.folder;
  const folder =
    old ?? (wanted === undefined ? await createRun(RUNS, facts.name) : await claimRun(wanted));
  const release = await lockRun(folder);
  try {
    await writeRun(folder, facts, task.config);
  } catch (error) {
    await release();
    throw error;
  }
  return { folder, task, facts, remarks, release };
}

/** What to say where a configuration's pictures are not there. */
export function missingPictures(config: JsonObject): string | undefined {
  const { success, data } = withPictures.safeParse(config);
  if (!success || existsSync(data.data.path)) return undefined;
  return `data.path: expected a file or folder of pictures, got ${data.data.path}, which is not there`;
}

async function newRun({ config = USUAL, overrides, threads }: TrainRequest): Promise<ResolvedRun> {
  const { name, document } = await readDocument(config);
  const task = taskOf(withOverrides(document, taskOf(document).config, overrides));
  const facts = {
    name,
    followspot: packageVersion(),
    threads: threads ?? availableParallelism(),
    digests: [task.digest],
  };
  return { folder: undefined, task, facts, remarks: [] };
}

async function oldRun(request: TrainRequest, resume: string): Promise<ResolvedRun> {
  const name = request.config === undefined ? undefined : nameOf(request.config);
  const { folder, passedOver } = await findRun(resume, RUNS, name);
  const { facts, config } = await readRun(folder);
  refuseOther(name, folder, facts);
  const before = taskOf(config);
  const task = taskOf(withOverrides(config, before.config, request.overrides));
  const changes = changesOf(before.config, task.config, facts);
  const threads = request.threads ?? facts.threads;
  const completed = await completedSteps(task, folder);
  refuseFewer(task, folder, completed);
  const remarks = [
    ...passedOver.map((each) => `warning: ${each} holds no run, and is passed over`),
    ...changes.map((key) => `changed: ${key} is ${JSON.stringify(task.config[key])}`),
    ...(threads === facts.threads
      ? []
      : [
          `warning: ${threads} threads where the run had ${facts.threads}: it rounds otherwise now`,
        ]),
    ...(completed > 0
      ? []
      : [
          `warning: ${folder} has no checkpoint to go on from: training starts from the first step`,
        ]),
  ];
  const digests = [...new Set([...facts.digests, task.digest])];
  return { folder, task, facts: { ...facts, threads, digests }, remarks };
}

/** Steps that were taken are not undone. */
function refuseFewer({ steps }: TrainingTask, folder: string, completed: number): void {
  if (steps >= completed) return;
  throw new FollowspotError(
    `resume: steps: expected at least the ${completed} that ${folder} has taken, got ${steps}.`,
    { remedy: "Leave the steps as they are or raise them, or start a new run." },
  );
}

/** Steps that a run's folder holds. */
export async function completedSteps(task: TrainingTask, folder: string): Promise<number> {
  if (task.completedIn) return task.completedIn(folder);
  return (await checkpointsIn(folder)).at(-1)?.completed ?? 0;
}

/** A configuration that is named beside a run must be the run's own. */
function refuseOther(name: string | undefined, folder: string, facts: RunFacts): void {
  if (name === undefined || name === facts.name) return;
  throw new FollowspotError(
    `resume: ${folder}: expected a run of ${name}, got one of ${facts.name}.`,
  );
}

/** Paths that may lead elsewhere by now: whether models and pictures are the same is found out by their digests. */
const placesIn = ({ parents = {} }: RunFacts): string[] => [...Object.keys(parents), "data.path"];

/** The configuration with nothing at some places. */
function without(config: JsonObject, places: readonly string[]): JsonObject {
  const rest = structuredClone(config);
  for (const place of places) {
    const keys = place.split(".");
    const last = keys.pop()!;
    const holder = keys.reduce<unknown>((its, key) => (its as JsonObject | null)?.[key], rest);
    if (typeof holder === "object" && holder !== null) delete (holder as JsonObject)[last];
  }
  return rest;
}

function changesOf(before: JsonObject, after: JsonObject, facts: RunFacts): string[] {
  const places = placesIn(facts);
  const changed = differing(before, after);
  const fixed = differing(without(before, places), without(after, places)).find(
    (key) => !CHANGEABLE.has(key),
  );
  if (fixed === undefined) return changed;
  const there = places.filter((place) => place.split(".")[0]! in before);
  const allowed = [...CHANGEABLE]
    .filter((key) => key in before)
    .concat(there)
    .join(", ");
  throw new FollowspotError(`resume: expected changes of ${allowed} only, got one of ${fixed}.`, {
    remedy: "Start a new run for that.",
  });
}

function differing(before: JsonObject, after: JsonObject): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}
