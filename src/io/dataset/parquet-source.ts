// Pictures in parquet files, as data sets on the hub come: a column of image files, one of labels.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";

import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import type { AsyncBuffer, Compressors, FileMetaData } from "hyparquet";

import { FollowspotError } from "../../core/errors.js";
import { fileError } from "../file-error.js";
import { imageColumns } from "./parquet-columns.js";
import type { ImageColumns } from "./parquet-columns.js";
import { isSystemError } from "./system-error.js";
import type { PictureSource } from "./source.js";

/** Most bytes of image files that are kept in memory. */
const KEPT_BYTES = 2 ** 33;

const unpack =
  (inflate: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array) =>
  (bytes: Uint8Array, size: number): Uint8Array =>
    inflate(bytes, { maxOutputLength: Math.max(size, 1) });

// Snappy is hyparquet's own; zstd came to Node in 22.15.
const COMPRESSORS: Compressors = {
  GZIP: unpack(zlib.gunzipSync),
  BROTLI: unpack(zlib.brotliDecompressSync),
  ...("zstdDecompressSync" in zlib
    ? { ZSTD: unpack(zlib.zstdDecompressSync as typeof zlib.gunzipSync) }
    : {}),
};

interface RowGroup {
  readonly path: string;
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly first: number; // row in the file
  readonly start: number; // picture in the set
  readonly count: number;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * The parquet files of one split in a folder: those whose names begin with it, or all where none does
 * and the folder has one kind only.
 */
export function parquetFilesOf(
  folder: string,
  names: readonly string[],
  split: "train" | "test",
): string[] {
  const all = names.filter((name) => name.endsWith(".parquet")).sort();
  const chosen = all.filter((name) => name.startsWith(split));
  if (chosen.length > 0) return chosen.map((name) => join(folder, name));
  if (all.some((name) => /^(?:train|test|validation)/.test(name))) {
    throw new FollowspotError(
      `data set: ${folder}: expected parquet files of ${split}, got ${all.join(", ")}.`,
      { remedy: "Give the file itself." },
    );
  }
  return all.map((name) => join(folder, name));
}

/**
 * Opens parquet files as one set, in the given order. Image files are kept in memory once read.
 *
 * Throws FollowspotError for a damaged file, one without a column of image bytes, labels that fit no class,
 * and more than 8 GiB of pictures.
 */
export async function parquetSource(paths: readonly string[]): Promise<PictureSource> {
  const files = await Promise.all(paths.map(openParquet));
  const columns = imageColumns(files[0]!.path, files[0]!.metadata);
  files.slice(1).forEach(({ path, metadata }) => checkSame(path, columns, metadata));
  refuseHuge(paths[0]!, files, columns.image);
  const groups = groupsOf(files);
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  if (count === 0) throw refusal(paths[0]!, "pictures", "no rows");
  const labels = await labelsOf(groups, columns, count);
  const classes = columns.classes ?? (labels && numbersTo(labels));
  const groupOf = (index: number): RowGroup => groups.findLast(({ start }) => start <= index)!;
  const nameOf = (index: number): string => {
    const { path, first, start } = groupOf(index);
    return `${path}: row ${first + index - start}`;
  };
  const kept = new Map<RowGroup, Promise<readonly Row[]>>();
  return {
    ...{ path: paths[0]!, count, classes, labels, channels: 3, fit: "cover" },
    digest: await digestOf(paths),
    nameOf,
    async read(index) {
      const group = groupOf(index);
      if (!kept.has(group)) kept.set(group, rowsOf(group, [columns.image]));
      const row = (await kept.get(group)!)[index - group.start]!;
      return imageBytes(row[columns.image], nameOf(index));
    },
    close: () => Promise.resolve(kept.clear()),
  };
}

async function openParquet(path: string) {
  try {
    const file = await asyncBufferFromFile(path);
    return { path, file, metadata: await parquetMetadataAsync(file) };
  } catch (error) {
    throw told(path, error);
  }
}

type OpenFile = Awaited<ReturnType<typeof openParquet>>;

function checkSame(path: string, columns: ImageColumns, metadata: FileMetaData): void {
  const own = imageColumns(path, metadata);
  if (JSON.stringify(own) === JSON.stringify(columns)) return;
  throw refusal(path, `the columns ${columns.image}, ${columns.label} of its neighbours`, "others");
}

function refuseHuge(path: string, files: readonly OpenFile[], image: string): void {
  const bytes = files
    .flatMap(({ metadata }) => metadata.row_groups)
    .flatMap(({ columns }) => columns)
    .filter(({ meta_data: meta }) => meta?.path_in_schema[0] === image)
    .reduce((sum, { meta_data: meta }) => sum + Number(meta!.total_uncompressed_size), 0);
  if (bytes <= KEPT_BYTES) return;
  throw new FollowspotError(
    `data set: ${path}: expected at most 8 GiB of pictures, got ${(bytes / 2 ** 30).toFixed(1)}.`,
    { remedy: "Unpack the pictures into a zip, which is read piece by piece." },
  );
}

function groupsOf(files: readonly OpenFile[]): RowGroup[] {
  let start = 0;
  return files.flatMap(({ metadata, ...file }) => {
    let first = 0;
    return metadata.row_groups.map((group) => {
      const count = Number(group.num_rows);
      const made = { ...file, metadata, first, start, count };
      first += count;
      start += count;
      return made;
    });
  });
}

async function rowsOf(group: RowGroup, columns: string[]): Promise<readonly Row[]> {
  const { path, file, metadata, first, count } = group;
  try {
    return await parquetReadObjects({
      ...{ file, metadata, columns, rowStart: first, rowEnd: first + count },
      compressors: COMPRESSORS,
      utf8: false,
    });
  } catch (error) {
    throw told(path, error);
  }
}

async function labelsOf(
  groups: readonly RowGroup[],
  { label, classes }: ImageColumns,
  count: number,
): Promise<Int32Array | undefined> {
  if (label === undefined) return undefined;
  const labels = new Int32Array(count);
  for (const group of groups) {
    const rows = await rowsOf(group, [label]);
    rows.forEach((row, i) => {
      const value = Number(row[label] ?? NaN);
      const fits = Number.isInteger(value) && value >= 0 && value < (classes?.length ?? 2 ** 20);
      if (!fits) {
        const expected = classes ? `a label below ${classes.length}` : "a whole number as label";
        throw refusal(`${group.path}: row ${group.first + i}`, expected, String(row[label]));
      }
      labels[group.start + i] = value;
    });
  }
  return labels;
}

const numbersTo = (labels: Int32Array): string[] =>
  Array.from({ length: labels.reduce((a, b) => Math.max(a, b), 0) + 1 }, (_, i) => String(i));

function imageBytes(cell: unknown, name: string): Uint8Array {
  const bytes = cell instanceof Uint8Array ? cell : (cell as { bytes?: unknown } | null)?.bytes;
  if (bytes instanceof Uint8Array) return bytes;
  throw new FollowspotError(`data set: ${name}: expected the bytes of an image file, got none.`, {
    remedy: "Embed the pictures in the parquet file, or give them as a folder.",
  });
}

async function digestOf(paths: readonly string[]): Promise<string> {
  const whole = createHash("sha256");
  for (const path of paths) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    whole.update(`${basename(path)}\0${hash.digest("hex")}\n`);
  }
  return whole.digest("hex");
}

function told(path: string, error: unknown): unknown {
  if (isSystemError(error)) return fileError("data set", path, error);
  return refusal(path, "a whole parquet file", (error as Error).message, error);
}

function refusal(name: string, expected: string, got: string, cause?: unknown): FollowspotError {
  return new FollowspotError(`data set: ${name}: expected ${expected}, got ${got}.`, {
    remedy: "Download the file anew, or give the pictures as a folder.",
    cause,
  });
}
