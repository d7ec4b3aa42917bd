// Checkpoints: the whole state of a run in one safetensors file that says what it belongs to.

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { FollowspotError } from "../core/errors.js";
import type { HostTensor } from "../core/tensor.js";
import { readIfThere } from "../io/file-error.js";
import { openSafetensors, writeSafetensors } from "../io/safetensors.js";
import type { SafetensorsFile } from "../io/safetensors.js";
import { STATE_NAMES } from "./step.js";
import type { StateName } from "./step.js";
import type { TrainingState } from "./trainer.js";
import { NotFinite, allFinite, faultOfState } from "./trainer-finite.js";

export interface Checkpoint {
  readonly state: TrainingState;
  /** Steps that the state has seen. */
  readonly completed: number;
}

/** A checkpoint's file, unopened. */
export interface CheckpointFile {
  readonly name: string;
  readonly completed: number;
}

const NAME = /^checkpoint-(\d{8})\.safetensors$/;
/** What a kill in the middle of a write leaves behind. */
const UNFINISHED = /^\.checkpoint-\d{8}\.safetensors\.[0-9a-f]+\.tmp$/;
const KEPT = 2; // checkpoints left in a run's folder

const checksumKey = (name: StateName): string => `crc32.${name}`;

function checksumOf({ data }: HostTensor): string {
  return crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).toString(16);
}

/** The names in a folder; none when there is no such folder. */
const namesIn = async (folder: string): Promise<string[]> =>
  (await readIfThere(folder, () => readdir(folder))) ?? [];

/**
 * The checkpoints of a run, oldest first; none when there is no such folder.
 *
 * @throws FollowspotError when the folder cannot be read
 */
export async function checkpointsIn(folder: string): Promise<CheckpointFile[]> {
  const names = await namesIn(folder);
  const found = names.flatMap((name) => {
    const match = NAME.exec(name);
    return match ? [{ name, completed: Number(match[1]) }] : [];
  });
  return found.sort((a, b) => a.completed - b.completed);
}

/**
 * Writes a checkpoint whole, then drops all but the newest two, where it can.
 *
 * @param digest - identifies the configuration
 * @throws NotFinite when the state is not finite, and FollowspotError when the system refuses; the files are then
 *   as they were
 */
export async function saveCheckpoint(
  folder: string,
  { state, completed }: Checkpoint,
  digest: string,
): Promise<string> {
  const fault = faultOfState(state);
  if (fault !== undefined) throw new NotFinite(`${fault} after step ${completed}`, "change");
  const path = join(folder, `checkpoint-${String(completed).padStart(8, "0")}.safetensors`);
  const checksums = STATE_NAMES.map((name) => [checksumKey(name), checksumOf(state[name])]);
  await writeSafetensors(path, state, {
    completed: String(completed),
    config: digest,
    ...(Object.fromEntries(checksums) as Record<string, string>),
  });
  await dropPast(folder);
  return path;
}

/** The new one is kept whatever becomes of those before it: the next save tries again. */
async function dropPast(folder: string): Promise<void> {
  const files = await checkpointsIn(folder).catch(() => []);
  for (const { name } of files.slice(0, -KEPT)) await rm(join(folder, name)).catch(() => undefined);
}

/** Removes what interrupted writes left in a run's folder. */
export async function removeUnfinished(folder: string): Promise<void> {
  const names = await namesIn(folder);
  for (const name of names.filter((each) => UNFINISHED.test(each))) await rm(join(folder, name));
}

/**
 * The newest checkpoint of a run, or undefined when it has none.
 *
 * @param digests - the configurations whose checkpoints fit, by their digests
 * @param size - elements of each vector
 * @throws FollowspotError when the newest is damaged or belongs to another configuration: it is never
 *   passed over silently; when the folder cannot be read
 */
export async function loadLatestCheckpoint(
  folder: string,
  digests: string | readonly string[],
  size: number,
): Promise<Checkpoint | undefined> {
  const files = await checkpointsIn(folder);
  const newest = files.at(-1);
  if (newest === undefined) return undefined;
  try {
    const file = await openSafetensors(join(folder, newest.name));
    checkOwner(newest, file, [digests].flat());
    const entries: [StateName, HostTensor][] = [];
    for (const name of STATE_NAMES) entries.push([name, await readVector(file, name, size)]);
    return { state: Object.fromEntries(entries) as TrainingState, completed: newest.completed };
  } catch (cause) {
    throw cause instanceof OtherConfiguration ? cause : damaged(newest, files.at(-2), cause);
  }
}

class OtherConfiguration extends FollowspotError {}

function checkOwner(
  { name, completed }: CheckpointFile,
  { metadata }: SafetensorsFile,
  digests: readonly string[],
): void {
  if (metadata["completed"] !== String(completed)) {
    throw new FollowspotError(
      `expected a checkpoint of step ${completed}, got one of step ${metadata["completed"]}.`,
    );
  }
  if (digests.includes(metadata["config"] ?? "")) return;
  throw new OtherConfiguration(`resume: ${name} belongs to another configuration.`, {
    remedy: "Resume with the configuration of that run, or start a new run.",
  });
}

async function readVector(
  file: SafetensorsFile,
  name: StateName,
  size: number,
): Promise<HostTensor> {
  const value = await file.read(name);
  if (value.dtype !== "float32" || value.data.length !== size) {
    const got = `${value.data.length} of ${value.dtype}`;
    throw new FollowspotError(`${name}: expected ${size} values of float32, got ${got}.`);
  }
  const expected = file.metadata[checksumKey(name)];
  // Files of before there were checksums have none.
  if (expected !== undefined && checksumOf(value) !== expected) {
    throw new FollowspotError(`${name}: expected the checksum ${expected}, got another.`);
  }
  // Such values were once kept: nothing can be trained from them.
  if (!allFinite(value.data as Float32Array)) {
    throw new FollowspotError(`${name}: expected finite values, got others.`);
  }
  return value;
}

function damaged(
  newest: CheckpointFile,
  before: CheckpointFile | undefined,
  cause: unknown,
): Error {
  const remedy = before
    ? `Delete it to go on from ${before.name}.`
    : "There is no other: delete it to begin at the first step again, or start a new run.";
  const why = problemOf(cause);
  return new FollowspotError(`resume: ${newest.name} is damaged: ${why}`, { cause, remedy });
}

/** What an error says, without its remedy: another fits here. */
export function problemOf(error: unknown): string {
  if (error instanceof FollowspotError) return error.fault;
  return error instanceof Error ? error.message : String(error);
}
