// A lock between processes that may share a folder: a file that its holder keeps fresh.

import { mkdir, open, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";

import { fileError, systemCode } from "./file-error.js";
import { pause } from "./hub-client.js";

/** Milliseconds between signs of life, and without one until a lock counts as left behind. */
const BEAT = 2_000;
const STALE = 15_000;
const POLL = 200;

/**
 * Does `work` while no other process that asks for the lock does; waits for it if need be. A lock whose
 * holder was killed is taken over after a quarter of a minute.
 *
 * Throws FollowspotError when the folder cannot be written; the signal's reason while it waits.
 */
export async function withLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  await acquire(path, signal);
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, BEAT);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(path, { force: true });
  }
}

async function acquire(path: string, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    try {
      await mkdir(dirname(path), { recursive: true });
      await (await open(path, "wx")).close();
      return;
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw fileError("hub", path, error);
    }
    const held = await stat(path).catch(() => undefined);
    if (held && Date.now() - held.mtimeMs > STALE) await rm(path, { force: true });
    else await pause(POLL, signal);
  }
}
