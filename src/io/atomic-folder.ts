// Folders that appear whole or not at all: filled beside their place under another name, then renamed.

import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileError, systemCode } from "./file-error.js";

/** Bytes of what tells one temporary name from another. */
const SUFFIX = 6;

const stemOf = (target: string): string => `.${basename(target).slice(0, 40)}.`;

function beside(target: string): string {
  const suffix = randomBytes(SUFFIX).toString("hex");
  return join(dirname(target), `${stemOf(target)}${suffix}.tmp`);
}

/** Removes what writers of the same folder left beside it when they were killed. */
async function removeLeftovers(target: string): Promise<void> {
  const stem = stemOf(target);
  const rest = new RegExp(`^[0-9a-f]{${2 * SUFFIX}}\\.tmp$`);
  const names = (await readdir(dirname(target))).filter(
    (name) => name.startsWith(stem) && rest.test(name.slice(stem.length)),
  );
  for (const name of names) {
    await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}

/** Moves what is at `path` out of the way; undefined when nothing is there. */
async function setAside(path: string): Promise<string | undefined> {
  const aside = beside(path);
  try {
    await rename(path, aside);
    return aside;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Fills a folder so that a reader or a crash never meets half of it. The folder above must exist; a
 * folder already there is replaced, and stays as it was when `fill` throws. One writer at a time: what others began
 * under temporary names is removed at the end.
 *
 * @param fill - writes the files into the folder that it is given
 * @throws what `fill` throws, and FollowspotError when the system refuses
 */
export async function writeFolderAtomic(
  path: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const target = resolve(path);
  const temporary = beside(target);
  try {
    await mkdir(temporary);
    await fill(temporary);
    const before = await setAside(target);
    await rename(temporary, target);
    if (before) await rm(before, { recursive: true, force: true });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw fileError("write", path, error);
  }
  // What cannot be removed, as another's, is in nobody's way.
  await removeLeftovers(target).catch(() => undefined);
}

/** Whether nothing is there: no folder of that path, or one without entries. */
export async function isVacant(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return true;
    throw fileError("folder", path, error);
  }
}
