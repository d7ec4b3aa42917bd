// Files that appear whole or not at all: written beside their place under another name, then renamed.

import { randomBytes } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { FollowspotError } from "../core/errors.js";
import { fileError } from "./file-error.js";

const OPERATION = "write";

/** One piece, or pieces written one after another: large files need not be whole in memory. */
export type FileContent = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface AtomicOptions {
  /**
   * Whether the file is on the disk when this ends, so that a power cut cannot take it; true when absent. Otherwise a
   * power cut may leave it empty: for files by the thousand that are made again when they are not there.
   */
  readonly durable?: boolean;
}

/**
 * Writes a file so that a reader, a crash or a full disk never meets half of it.
 *
 * The folder must exist; a file already there is replaced. After a failure the temporary file is
 * gone and the old file as it was. Throws FollowspotError when the system refuses.
 */
export async function writeFileAtomic(
  path: string,
  content: FileContent,
  { durable = true }: AtomicOptions = {},
): Promise<void> {
  const target = resolve(path);
  await refuseSpecial(path, target);
  const suffix = randomBytes(6).toString("hex");
  // A fixed short stem keeps within the length limit of names, whatever the target's.
  const temporary = join(dirname(target), `.${basename(target).slice(0, 40)}.${suffix}.tmp`);
  try {
    await writeWhole(temporary, content, durable);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(OPERATION, path, error);
  }
  if (durable) await syncFolder(dirname(target));
}

/** A rename would put a file in the place of a device or a pipe. */
async function refuseSpecial(path: string, target: string): Promise<void> {
  const existing = await stat(target).catch(() => undefined);
  if (!existing || existing.isFile()) return;
  const kind = existing.isDirectory() ? "a folder" : "a device or a pipe";
  throw new FollowspotError(`${OPERATION}: ${path}: expected the name of a file, got ${kind}.`);
}

async function writeWhole(path: string, content: FileContent, durable: boolean): Promise<void> {
  const file = await open(path, "wx");
  try {
    const whole = typeof content === "string" || content instanceof Uint8Array;
    for await (const piece of whole ? [content] : content) await file.writeFile(piece);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself durable, where the system lets a folder be synchronised. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  try {
    await folder?.sync().catch(() => undefined);
  } finally {
    await folder?.close();
  }
}
