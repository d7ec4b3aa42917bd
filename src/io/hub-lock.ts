// A lock between processes that may share a folder: a file that its holder keeps fresh.

import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";

import { FollowspotError } from "../core/errors.js";
import { fileError, systemCode } from "./file-error.js";
import { pause } from "./hub-client.js";

/** Milliseconds between signs of life, and without one until a lock counts as left behind. */
const BEAT = 2_000;
const STALE = 15_000;
const POLL = 200;

/** Throws FollowspotError when the lock is another's by now: to be asked before what is locked is changed. */
export type Held = () => Promise<void>;

/**
 * Does `work` while no other process that asks for the lock does; waits for it if need be. A lock whose
 * holder was killed, or stood still as a sleeping machine does, is taken over after a quarter of a minute.
 *
 * Throws FollowspotError when the folder cannot be written; the signal's reason while it waits.
 */
export async function withLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: (held: Held) => Promise<T>,
): Promise<T> {
  const token = randomUUID();
  await acquire(path, token, signal);
  const isOwn = async (): Promise<boolean> =>
    (await readFile(path, "utf8").catch(() => undefined)) === token;
  let alive = Date.now();
  const beat = setInterval(() => {
    const now = new Date();
    // After a sleep it may be another's, whose signs of life these are not.
    if (now.getTime() - alive > STALE / 2) return;
    alive = now.getTime();
    utimes(path, now, now).catch(() => undefined);
  }, BEAT);
  const held = async (): Promise<void> => {
    if (Date.now() - alive <= STALE / 2) return;
    if (!(await isOwn())) throw lost(path);
    alive = Date.now();
  };
  try {
    return await work(held);
  } finally {
    clearInterval(beat);
    if (await isOwn()) await rm(path, { force: true });
  }
}

function lost(path: string): FollowspotError {
  return new FollowspotError(
    `hub: ${path}: expected this process's lock, got that of another, which goes on with the download.`,
    { remedy: "This one stood still for long. Try again." },
  );
}

async function acquire(
  path: string,
  token: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (;;) {
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(path, "wx");
      await file.writeFile(token).finally(() => file.close());
      return;
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw fileError("hub", path, error);
    }
    const held = await stat(path).catch(() => undefined);
    if (held && Date.now() - held.mtimeMs > STALE) await rm(path, { force: true });
    else await pause(POLL, signal);
  }
}
