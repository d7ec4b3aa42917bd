// Pictures in a folder: flat, or one folder for each class.

import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, sep } from "node:path";

import { fileError } from "../file-error.js";
import { inTurns } from "./in-turns.js";
import { layoutOf } from "./layout.js";
import type { PictureSource } from "./source.js";

/** Most bytes of pictures whose content is part of the digest. */
const HASHED_BYTES = 2 ** 31;

/**
 * Opens a folder of pictures. The digest is over names, sizes and, up to 2 GiB in all, content.
 *
 * Throws FollowspotError as layoutOf, and when the system refuses.
 */
export async function folderSource(path: string, signal?: AbortSignal): Promise<PictureSource> {
  const { files, folders } = await listFolder(path);
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

async function listFolder(path: string): Promise<{ files: string[]; folders: string[] }> {
  try {
    const entries = await readdir(path, { withFileTypes: true, recursive: true });
    const files: string[] = [];
    const folders: string[] = [];
    for (const entry of entries) {
      const parent = entry.parentPath.slice(path.length).split(sep).filter(Boolean);
      const relative = [...parent, entry.name].join("/");
      if (!entry.isDirectory()) files.push(relative);
      else if (parent.length === 0) folders.push(relative);
    }
    return { files, folders };
  } catch (error) {
    throw fileError("data set", path, error);
  }
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
