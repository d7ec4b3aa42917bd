// The door to data sets: says what a path holds, and opens it.

import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { FollowspotError } from "../../core/errors.js";
import { fileError } from "../file-error.js";
import type { DatasetOptions, PictureDataset } from "./dataset.js";
import { folderSource } from "./folder-source.js";
import { idxFileOf, idxSource, isIdxPictures } from "./idx-source.js";
import { openedDataset } from "./opened-dataset.js";
import { parquetFilesOf, parquetSource } from "./parquet-source.js";
import type { PictureSource } from "./source.js";
import { zipSource } from "./zip-source.js";

/**
 * Opens a set of pictures: a folder or a zip (flat, or one folder for each class), an idx file as MNIST
 * comes (labels are found beside it), a parquet file with image bytes as the hub's sets are, or a folder
 * of idx or parquet files, of which `split` is taken.
 *
 * `const data = await openDataset("cifar10/train.zip"); await data.pictures([0, 1, 2]);`
 *
 * Throws FollowspotError, naming the file and what to do, for anything else, for an empty or nested set,
 * and for labels that do not fit.
 */
export async function openDataset(
  path: string,
  options: DatasetOptions = {},
): Promise<PictureDataset> {
  return openedDataset(await sourceOf(path, options), options);
}

async function sourceOf(
  path: string,
  { split = "train", signal }: DatasetOptions,
): Promise<PictureSource> {
  if (!(await isFolder(path))) return fileSource(path);
  const names = await readdir(path);
  if (names.some((name) => name.endsWith(".parquet"))) {
    return parquetSource(parquetFilesOf(path, names, split));
  }
  if (names.some(isIdxPictures)) return idxSource(idxFileOf(path, names, split));
  const zips = names.filter((name) => name.endsWith(".zip"));
  if (zips.length > 0) {
    throw new FollowspotError(
      `data set: ${path}: expected pictures, got zip files: ${zips.join(", ")}.`,
      {
        remedy: `Give one of them: ${join(path, zips[0]!)}.`,
      },
    );
  }
  return folderSource(path, signal);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw fileError("data set", path, error);
  }
}

async function fileSource(path: string): Promise<PictureSource> {
  const head = await headOf(path);
  if (head.startsWith("504b0304") || head.startsWith("504b0506")) return zipSource(path);
  if (head.startsWith("50415231")) return parquetSource([path]);
  if (head.startsWith("1f8b") || head.startsWith("000008")) return idxSource(path);
  throw new FollowspotError(
    `data set: ${path}: expected a zip, an idx or a parquet file, got a file that begins with ${head || "nothing"}.`,
    { remedy: "Give one of these, or a folder of pictures." },
  );
}

/** The first four bytes in hex. */
async function headOf(path: string): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
      return buffer.subarray(0, bytesRead).toString("hex");
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError("data set", path, error);
  }
}
