// What goes wrong beside the training itself: told, and what a person can do about it.

import { join } from "node:path";
import { FollowspotError } from "../core/errors.js";
import { fileError } from "../io/file-error.js";
import { checkpointsIn, problemOf, saveCheckpoint } from "./checkpoint.js";
import type { CheckpointFile } from "./checkpoint.js";
import type { Trainer } from "./trainer.js";
import type { NotFinite } from "./trainer-finite.js";

/** Told in words what a person should know. */
export type Tell = (warning: string) => void;

/** Where nobody listens, a warning is still one. */
export const TELL: Tell = (warning) => process.emitWarning(warning.replace(/^warning: /, ""));

/** Does work that training can do without. */
export type Spared = (work: () => void | Promise<void>) => Promise<void>;

/**
 * Work whose failure does not end the training: the first is told, later ones are not.
 *
 * @param what - it is called in the warning
 * @param signal - an abort is no failure, and is thrown
 */
export function spared(what: string, tell: Tell = TELL, signal?: AbortSignal): Spared {
  let told = false;
  return async (work) => {
    try {
      await work();
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error;
      if (told) return;
      told = true;
      tell(`warning: ${what}: ${toldOf(error)} Training goes on; this is told once.`);
    }
  };
}

/** What an error says, as a sentence; a refusal of the system in words. */
function toldOf(error: unknown): string {
  const path = (error as { readonly path?: unknown } | undefined)?.path;
  const problem = problemOf(fileError("write", typeof path === "string" ? path : "a file", error));
  return problem.endsWith(".") ? problem : `${problem}.`;
}

/** Where the state of a run is kept. */
export interface Place {
  readonly trainer: Trainer;
  readonly folder: string;
  readonly digest: string;
}

/** Keeps the state. A refusal of the system is told, and the checkpoints before are whole: another time may do. */
export async function tryToKeep(
  { trainer, folder, digest }: Place,
  tell: Tell = TELL,
): Promise<void> {
  try {
    await saveCheckpoint(folder, trainer, digest);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const lost = `no checkpoint of step ${trainer.completed}: ${problemOf(error)}`;
    tell(`warning: ${lost} ${await newestIn(folder)} It is tried again. ${error.remedy ?? ""}`);
  }
}

/** Keeps the state at the end. @throws FollowspotError when the system refuses */
export async function keepLast({ trainer, folder, digest }: Place): Promise<void> {
  try {
    await saveCheckpoint(folder, trainer, digest);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new FollowspotError(
      `train: expected to keep step ${trainer.completed}, got: ${problemOf(error)} ${await newestIn(folder)}`,
      { cause: error, remedy: `${error.remedy ?? "Mend that."} Then go on with --resume.` },
    );
  }
}

/** Whether the system, and not the state, is why there is no checkpoint. */
function isRefusal(error: unknown): error is FollowspotError {
  return error instanceof FollowspotError && error.cause !== undefined;
}

/** What can be seen of a run's checkpoints: whoever tells of a failure must not fail himself. */
const seenIn = (folder: string): Promise<CheckpointFile[]> => checkpointsIn(folder).catch(() => []);

async function newestIn(folder: string): Promise<string> {
  const newest = (await seenIn(folder)).at(-1);
  return newest ? `The newest is ${newest.name}, which is whole.` : "There is none before it.";
}

/** The same error with what helps, now that the last good state is kept. */
export async function withRemedy(error: NotFinite, folder: string): Promise<FollowspotError> {
  const files = await seenIn(folder);
  const remedy = error.remedy ?? remedyOf(error, folder, files.at(-1), files.at(-2));
  return new FollowspotError(problemOf(error), { cause: error, remedy });
}

function remedyOf(
  { origin }: NotFinite,
  folder: string,
  newest: CheckpointFile | undefined,
  before: CheckpointFile | undefined,
): string {
  if (origin === "batch") return "Mend the data and resume: the state before is kept.";
  if (newest === undefined || newest.completed === 0) {
    return "No step was taken before: start a new run, with a lower learning rate or other weights to begin with.";
  }
  const kept = join(folder, newest.name);
  if (origin === "change")
    return `Lower the learning rate and resume: ${kept} is the last good state.`;
  // The learning rate of a step has no part in that step's loss: the state before it has to be another.
  const alone = `A lower rate alone does not help, since ${kept} gives the same again:`;
  return before && before.completed > 0
    ? `${alone} remove it, and resume from ${before.name} with a lower learning rate.`
    : `${alone} start a new run with a lower learning rate.`;
}
