// Pictures in a folder: flat, or one folder for each class.

import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";

import { FollowspotError } from "../../core/errors.js";
import { fileError, systemCode } from "../file-error.js";
import { inTurns } from "./in-turns.js";
import { isLitter, layoutOf } from "./layout.js";
import type { PictureSource } from "./source.js";

/** Most bytes of pictures whose content is part of the digest. */
const HASHED_BYTES = 2 ** 31;

/**
 * Opens a folder of pictures; links to pictures and to class folders count as what they lead to. The digest
 * is over names, sizes and, up to 2 GiB in all, content.
 *
 * Throws FollowspotError as layoutOf, for links that lead nowhere or back, and when the system refuses.
 */
export async function folderSource(path: string, signal?: AbortSignal): Promise<PictureSource> {
  const { files, folders } = await listFolder(path, signal);
  const { paths, classes, labels } = layoutOf(path, files, folders);
  const read = async (index: number): Promise<Uint8Array> => {
    const file = join(path, paths[index]!);
    try {
      return await readFile(file);
    } catch (error) {
      throw fileError("data set", file, error);
    }
  };
  const digest = await digestOf(path, paths, read, signal);
  return {
    ...{ path, count: paths.length, classes, labels, channels: 3, fit: "cover", digest },
    nameOf: (index) => join(path, paths[index]!),
    read,
    close: () => Promise.resolve(),
  };
}

interface Listing {
  readonly files: string[];
  /** Those directly in the root. */
  readonly folders: string[];
}

/** What lies under a folder, links followed: paths relative to it, with `/`. */
async function listFolder(path: string, signal?: AbortSignal): Promise<Listing> {
  const found: Listing = { files: [], folders: [] };
  try {
    await walk({ root: path, name: "", reals: [await realpath(path)] }, found, signal);
  } catch (error) {
    throw fileError("data set", path, error);
  }
  return found;
}

interface Place {
  readonly root: string;
  /** The folder's path relative to the root; empty for the root itself. */
  readonly name: string;
  /** Real paths of the root, of the folders below it and, last, of this one. */
  readonly reals: readonly string[];
}

async function walk(
  { root, name, reals }: Place,
  found: Listing,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  // Names are joined here: Node's recursive list leaves out links, and writes the root in its own way.
  for (const entry of await readdir(join(root, name), { withFileTypes: true })) {
    const child = name === "" ? entry.name : `${name}/${entry.name}`;
    const isLink = entry.isSymbolicLink() && !isLitter(child);
    const target = isLink ? await targetOf(root, child) : entry;
    if (!target.isDirectory()) {
      found.files.push(child);
      continue;
    }
    const real = isLink ? await realpath(join(root, child)) : join(reals.at(-1)!, entry.name);
    if (reals.includes(real)) throw endless(root, child);
    if (name === "") found.folders.push(child);
    await walk({ root, name: child, reals: [...reals, real] }, found, signal);
  }
}

/** What a link leads to. A link without a target is refused: pictures may be missing. */
async function targetOf(root: string, name: string): Promise<Stats> {
  try {
    return await stat(join(root, name));
  } catch (error) {
    if (!["ENOENT", "ELOOP", "ENOTDIR"].includes(systemCode(error) ?? "")) throw error;
    throw new FollowspotError(
      `data set: ${root}: expected links to files and folders, got ${name}, which leads nowhere.`,
      { remedy: "Mend the link, or remove it.", cause: error },
    );
  }
}

function endless(root: string, name: string): FollowspotError {
  return new FollowspotError(
    `data set: ${root}: expected no folder within itself, got ${name}, which leads back to one above it.`,
    { remedy: "Remove the link." },
  );
}

async function digestOf(
  root: string,
  paths: readonly string[],
  read: (index: number) => Promise<Uint8Array>,
  signal?: AbortSignal,
): Promise<string> {
  const sizes = await inTurns(paths, async (path) => (await stat(join(root, path))).size);
  const whole = sizes.reduce((a, b) => a + b, 0) <= HASHED_BYTES;
  const parts = await inTurns(paths, async (path, i) => {
    signal?.throwIfAborted();
    const content = whole
      ? createHash("sha256")
          .update(await read(i))
          .digest("hex")
      : "";
    return `${path}\0${sizes[i]!}\0${content}\n`;
  });
  const hash = createHash("sha256");
  parts.forEach((part) => hash.update(part));
  return hash.digest("hex");
}
