// Pictures in a zip file, stored or deflated: flat, or one folder for each class.

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";

import { openPromise } from "yauzl";
import type { Entry, ZipFile } from "yauzl";

import { FollowspotError } from "../../core/errors.js";
import { fileError } from "../file-error.js";
import { isSystemError } from "./system-error.js";
import { isPicture, layoutOf } from "./layout.js";
import type { PictureSource } from "./source.js";

const METHODS = { stored: 0, deflated: 8 } as const;
const REMEDY = "Make the zip anew, or unpack it and give the folder.";

const inflated = promisify(
  (bytes: Uint8Array, size: number, done: (error: Error | null, result: Buffer) => void) =>
    inflateRaw(bytes, { maxOutputLength: Math.max(size, 1) }, done),
);

/**
 * Opens a zip of pictures; folders that all pictures share at the top are passed over. The digest is
 * over the entries' names, sizes and checksums.
 *
 * Throws FollowspotError as layoutOf, and for a damaged, encrypted or otherwise compressed file.
 */
export async function zipSource(path: string): Promise<PictureSource> {
  const zip = await openZip(path);
  const { paths, entries, classes, labels } = await listOf(path, zip).catch((error: unknown) => {
    zip.close();
    throw error;
  });
  const hash = createHash("sha256");
  entries.forEach(({ uncompressedSize, crc32: sum }, i) =>
    hash.update(`${paths[i]!}\0${uncompressedSize}\0${sum}\n`),
  );
  const file = await open(path, "r");
  const nameOf = (index: number): string => `${path}: ${entries[index]!.fileName}`;
  return {
    ...{ path, count: paths.length, classes, labels, channels: 3, fit: "cover" },
    digest: hash.digest("hex"),
    nameOf,
    read: (index) => readEntry(zip, file, entries[index]!, nameOf(index)),
    async close() {
      zip.close();
      await file.close();
    },
  };
}

async function openZip(path: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { autoClose: false, lazyEntries: true });
  } catch (error) {
    throw told(path, error);
  }
}

async function listOf(path: string, zip: ZipFile) {
  const all: Entry[] = [];
  try {
    for await (const entry of zip.eachEntry()) all.push(entry);
  } catch (error) {
    throw told(path, error);
  }
  const byName = new Map(all.map((entry) => [entry.fileName, entry]));
  const files = [...byName.keys()].filter((name) => !name.endsWith("/"));
  const prefix = sharedFolder(files);
  const folders = [...byName.keys()]
    .filter((name) => name.endsWith("/") && name.startsWith(prefix))
    .map((name) => name.slice(prefix.length, -1))
    .filter((name) => name !== "" && !name.includes("/"));
  const layout = layoutOf(
    path,
    files.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
    folders,
  );
  const entries = layout.paths.map((name) => byName.get(prefix + name)!);
  entries.forEach((entry) => refuseUnreadable(path, entry));
  return { ...layout, entries };
}

/** The folders above the class folders, where every picture lies in them: `train/` of `train/cat/1.png`. */
function sharedFolder(files: readonly string[]): string {
  const [first = "", ...rest] = files.filter(isPicture);
  const parts = first.split("/");
  for (let depth = parts.length - 2; depth > 0; depth--) {
    const prefix = `${parts.slice(0, depth).join("/")}/`;
    if (rest.every((name) => name.startsWith(prefix))) return prefix;
  }
  return "";
}

function refuseUnreadable(path: string, entry: Entry): void {
  const known = Object.values<number>(METHODS).includes(entry.compressionMethod);
  if (known && !entry.isEncrypted()) return;
  const got = entry.isEncrypted() ? "an encrypted one" : `method ${entry.compressionMethod}`;
  throw new FollowspotError(
    `data set: ${path}: ${entry.fileName}: expected a stored or deflated entry, got ${got}.`,
    { remedy: REMEDY },
  );
}

async function readEntry(
  zip: ZipFile,
  file: FileHandle,
  entry: Entry,
  name: string,
): Promise<Uint8Array> {
  try {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    const stored = new Uint8Array(entry.compressedSize);
    const { bytesRead } = await file.read(stored, 0, stored.length, fileDataStart);
    if (bytesRead !== stored.length) throw new Error("the file ends within it");
    const bytes =
      entry.compressionMethod === METHODS.stored
        ? stored
        : await inflated(stored, entry.uncompressedSize);
    if (crc32(bytes) !== entry.crc32) throw new Error("its checksum is wrong");
    return bytes;
  } catch (error) {
    throw told(name, error);
  }
}

/** An error of the zip itself, told with its place. */
function told(name: string, error: unknown): unknown {
  const { message } = error as Error;
  if (isSystemError(error)) return fileError("data set", name, error);
  return new FollowspotError(`data set: ${name}: expected a whole zip, got a fault: ${message}.`, {
    remedy: REMEDY,
    cause: error,
  });
}
