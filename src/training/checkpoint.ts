// Checkpoints: the whole state of a run in one safetensors file that says what it belongs to.

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FollowspotError } from "../core/errors.js";
import type { HostTensor } from "../core/tensor.js";
import { openSafetensors, writeSafetensors } from "../io/safetensors.js";
import { STATE_NAMES } from "./step.js";
import type { TrainingState } from "./trainer.js";

export interface Checkpoint {
  readonly state: TrainingState;
  /** Steps that the state has seen. */
  readonly completed: number;
}

const NAME = /^checkpoint-(\d{8})\.safetensors$/;
const KEPT = 2; // checkpoints left in a run's folder

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names.filter((name) => NAME.test(name)).sort();
}

/** Writes a checkpoint whole, then drops all but the newest two. `digest` identifies the configuration. */
export async function saveCheckpoint(
  folder: string,
  { state, completed }: Checkpoint,
  digest: string,
): Promise<string> {
  const path = join(folder, `checkpoint-${String(completed).padStart(8, "0")}.safetensors`);
  await writeSafetensors(path, state, { completed: String(completed), config: digest });
  for (const name of (await namesIn(folder)).slice(0, -KEPT)) await rm(join(folder, name));
  return path;
}

/**
 * The newest checkpoint of a run, or undefined when it has none.
 * Throws FollowspotError when the newest is damaged or belongs to another configuration: it is never
 * replaced silently.
 */
export async function loadLatestCheckpoint(
  folder: string,
  digest: string,
  size: number,
): Promise<Checkpoint | undefined> {
  const newest = (await namesIn(folder)).at(-1);
  if (newest === undefined) return undefined;
  const path = join(folder, newest);
  const file = await openSafetensors(path);
  const { completed, config } = file.metadata;
  if (config !== digest) {
    throw new FollowspotError(`resume: ${newest} belongs to another configuration.`, {
      remedy: "Resume with the configuration of that run, or start a new run.",
    });
  }
  const entries: [string, HostTensor][] = [];
  for (const name of STATE_NAMES) {
    const value = await file.read(name);
    if (value.dtype !== "float32" || value.data.length !== size) {
      throw new FollowspotError(`resume: ${newest}: ${name}: expected ${size} float32 values.`);
    }
    entries.push([name, value]);
  }
  return { state: Object.fromEntries(entries) as TrainingState, completed: Number(completed) };
}
