// One process for each run: a file with the number of the process that trains there.

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FollowspotError } from "../../core/errors.js";
import { fileError, systemCode } from "../../io/file-error.js";

const LOCK = "train.lock";

/** The folders in which this process trains: a number left by a killed process may be ours by chance. */
const ours = new Set<string>();

/** Gives a run's folder back. */
export type Release = () => Promise<void>;

/**
 * Takes a run's folder for this process. What a killed process left is taken over.
 *
 * @throws FollowspotError when a living process trains there, or the system refuses
 */
export async function lockRun(folder: string): Promise<Release> {
  const path = resolve(folder, LOCK);
  if (ours.has(path)) throw inUse(folder, process.pid);
  while (!(await claim(path))) {
    const holder = await holderOf(path);
    if (holder !== undefined && lives(holder)) throw inUse(folder, holder);
    await setAside(path, folder);
  }
  ours.add(path);
  return async () => {
    ours.delete(path);
    // What cannot be removed bears the number of a process that will be gone.
    await rm(path, { force: true }).catch(() => undefined);
  };
}

/** Writes the lock; false when there is one. */
async function claim(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    // On a full disk an empty one is left.
    await rm(path, { force: true }).catch(() => undefined);
    throw fileError("lock", path, error);
  }
}

/** The process that a lock names; undefined when it names none, or is gone. */
async function holderOf(path: string): Promise<number | undefined> {
  const pid = Number(await readFile(path, "utf8").catch(() => ""));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** Whether a process other than this one lives; one of another person's lives too. */
function lives(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

/** Removes what was left behind; what another process has put in its place meanwhile goes back. */
async function setAside(path: string, folder: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw fileError("lock", path, error);
  }
  const holder = await holderOf(aside);
  if (holder !== undefined && lives(holder)) {
    await rename(aside, path);
    throw inUse(folder, holder);
  }
  await rm(aside, { force: true });
}

function inUse(folder: string, pid: number): FollowspotError {
  return new FollowspotError(
    `train: ${folder}: expected a run that nobody trains, got one that process ${pid} trains.`,
    {
      remedy: `Wait for it or stop it; if that process is another program, delete ${join(folder, LOCK)}.`,
    },
  );
}
