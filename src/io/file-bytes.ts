// A file's bytes in Node, read piece by piece; no file stays open between reads.

import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { FollowspotError } from "../core/errors.js";
import type { ByteSource } from "./byte-source.js";
import { fileError } from "./file-error.js";

/** The longest piece that the system reads in one call, rounded down to a power of two. */
const PIECE_BYTES = 2 ** 30;

/** A file's bytes. Throws FollowspotError, beginning with `operation`, when there is no such file. */
export async function fileBytes(path: string, operation: string): Promise<ByteSource> {
  const withFile = async <T>(use: (file: FileHandle) => Promise<T>): Promise<T> => {
    try {
      const file = await open(path, "r");
      try {
        return await use(file);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw fileError(operation, path, error);
    }
  };
  const size = await withFile(async (file) => {
    const info = await file.stat();
    if (info.isFile()) return info.size;
    const problem = "expected a file, got a folder or a device";
    throw new FollowspotError(`${operation}: ${path}: ${problem}.`);
  });
  const read: ByteSource["read"] = async (offset, length) => {
    const bytes = new Uint8Array(length);
    await withFile((file) => readInto(file, path, offset, bytes));
    return bytes;
  };
  return { path, size, read };
}

/**
 * Fills `bytes` with what an open file has from `offset`; `path` names it in errors.
 *
 * Throws FollowspotError when the file ends too soon.
 */
export async function readInto(
  file: FileHandle,
  path: string,
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(PIECE_BYTES, bytes.length - done);
    const { bytesRead } = await file.read(bytes, done, length, offset + done);
    if (bytesRead === 0) {
      const got = `got fewer: it ends ${bytes.length - done} bytes before`;
      throw new FollowspotError(
        `file: ${path}: expected bytes up to ${offset + bytes.length}, ${got}.`,
        { remedy: "Download or write the file again." },
      );
    }
    done += bytesRead;
  }
}
