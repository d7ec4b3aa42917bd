// Grey pictures in an idx file, as MNIST comes (LeCun et al. 1998), gzipped or not, with labels beside it.

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

import { FollowspotError } from "../../core/errors.js";
import { fileError } from "../file-error.js";
import { isSystemError } from "./system-error.js";
import type { PictureSource } from "./source.js";

const IMAGES = /images([.-])idx3-ubyte(?:\.gz)?$/;
const UNPACKED_MAX = 2 ** 32;
const REMEDY = "Use the files as they are published: *-images-idx3-ubyte and *-labels-idx1-ubyte.";

const unzip = promisify(
  (bytes: Uint8Array, done: (error: Error | null, result: Buffer) => void) =>
    void gunzip(bytes, { maxOutputLength: UNPACKED_MAX }, done),
);

/** Whether a file is, by its name, one of idx pictures. */
export function isIdxPictures(name: string): boolean {
  return IMAGES.test(name);
}

/**
 * The file of pictures of one split in a folder of idx files: `train*`, or for test `t10k*` or `test*`.
 *
 * Throws FollowspotError when there is none.
 */
export function idxFileOf(
  folder: string,
  names: readonly string[],
  split: "train" | "test",
): string {
  const begins = split === "train" ? /^train/ : /^(?:t10k|test)/;
  const name = names.filter(isIdxPictures).find((each) => begins.test(each));
  if (name !== undefined) return join(folder, name);
  const got = names.filter(isIdxPictures).join(", ");
  throw new FollowspotError(`data set: ${folder}: expected pictures of ${split}, got ${got}.`, {
    remedy: "Give the file of pictures itself.",
  });
}

interface Idx {
  readonly dims: readonly number[];
  readonly data: Uint8Array;
  readonly digest: string;
}

/**
 * Opens a file of pictures; labels come from the file of the same name with `labels-idx1`, if it is there.
 *
 * Throws FollowspotError for a damaged file, and for labels of another number than the pictures.
 */
export async function idxSource(path: string): Promise<PictureSource> {
  const { dims, data, digest } = await readIdx(path, 3);
  const [count, height, width] = dims as [number, number, number];
  const labelPath = await labelFileOf(path);
  const labels = labelPath === undefined ? undefined : await readIdx(labelPath, 1);
  if (labels && labels.dims[0] !== count) {
    throw new FollowspotError(
      `data set: ${labelPath!}: expected ${count} labels for ${basename(path)}, got ${labels.dims[0]!}.`,
      { remedy: "Take both files from the same set." },
    );
  }
  const each = width * height;
  const highest = labels?.data.reduce((most, label) => Math.max(most, label), 0);
  const numbers = Array.from({ length: (highest ?? -1) + 1 }, (_, i) => String(i));
  return {
    ...{ path, count, channels: 1, fit: "pad" },
    classes: labels && numbers,
    labels: labels && Int32Array.from(labels.data),
    digest: createHash("sha256").update(`${digest} ${labels?.digest}`).digest("hex"),
    nameOf: (index) => `${path}: picture ${index}`,
    read: (i) => Promise.resolve({ width, height, grey: data.subarray(i * each, (i + 1) * each) }),
    close: () => Promise.resolve(),
  };
}

async function labelFileOf(path: string): Promise<string | undefined> {
  if (!isIdxPictures(path)) return undefined;
  const plain = basename(path).replace(IMAGES, "labels$1idx1-ubyte");
  const names = await readdir(dirname(path));
  const name = [plain, `${plain}.gz`].find((each) => names.includes(each));
  return name && join(dirname(path), name);
}

async function readIdx(path: string, rank: 1 | 3): Promise<Idx> {
  const bytes = await readUnpacked(path);
  const head = 4 + 4 * rank;
  const magic = 0x0800 + rank; // unsigned bytes, then the number of dimensions
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < head || view.getUint32(0) !== magic) {
    throw damaged(path, `idx bytes in ${rank} dimension${rank > 1 ? "s" : ""}`, "another head");
  }
  const dims = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = dims.reduce((a, b) => a * b, 1);
  if (size === 0) throw damaged(path, "pictures", `an empty file (${dims.join(" x ")})`);
  if (bytes.length - head !== size) {
    throw damaged(path, `${size} bytes for ${dims.join(" x ")}`, `${bytes.length - head}`);
  }
  const digest = createHash("sha256").update(bytes).digest("hex");
  return { dims, data: bytes.subarray(head), digest };
}

async function readUnpacked(path: string): Promise<Uint8Array> {
  try {
    const bytes = await readFile(path);
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? await unzip(bytes) : bytes;
  } catch (error) {
    if (isSystemError(error)) throw fileError("data set", path, error);
    throw damaged(path, "a whole gzip file", (error as Error).message);
  }
}

function damaged(path: string, expected: string, got: string): FollowspotError {
  return new FollowspotError(`data set: ${path}: expected ${expected}, got ${got}.`, {
    remedy: REMEDY,
  });
}
