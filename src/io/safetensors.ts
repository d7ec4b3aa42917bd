// Reading safetensors files: the header at once, tensors when asked for.

import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { FollowspotError } from "../core/errors.js";
import type { HostTensor } from "../core/tensor.js";
import { fileError } from "./file-error.js";
import { looksPickled, refusePickle } from "./pickle.js";
import { decode, toFloat32 } from "./safetensors-dtype.js";
import {
  damaged,
  HEADER_BYTES_MAX,
  parseSafetensorsHeader,
  PREFIX_BYTES,
} from "./safetensors-header.js";
import type { SafetensorsHeader, TensorEntry } from "./safetensors-header.js";

export type { StoredDType } from "./safetensors-dtype.js";
export type { TensorEntry } from "./safetensors-header.js";
export { encodeSafetensors, writeSafetensors } from "./safetensors-writer.js";

/** The longest piece that the system reads in one call, rounded down to a power of two. */
const PIECE_BYTES = 2 ** 30;

/** A safetensors file whose header has been checked; no file stays open between reads. */
export class SafetensorsFile {
  /** The entry of each tensor, in the order of their offsets. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(
    readonly path: string,
    header: SafetensorsHeader,
  ) {
    this.tensors = header.tensors;
    this.metadata = header.metadata;
  }

  /**
   * A tensor in its own type; bfloat16 as float32.
   *
   * Throws FollowspotError for an unknown name, a type without a host type (F64, U16, ...) or a
   * file that has changed since it was opened.
   */
  async read(name: string): Promise<HostTensor> {
    const entry = this.entry(name);
    const bytes = await this.readBytes(name);
    try {
      return decode(entry.dtype, entry.shape, bytes.buffer);
    } catch (cause) {
      if (!(cause instanceof FollowspotError)) throw cause;
      const problem = `tensor ${JSON.stringify(name)}: ${cause.message}`;
      throw new FollowspotError(`safetensors: ${this.path}: ${problem}`, { cause });
    }
  }

  /** A tensor's values as float32, whatever its type. Throws as `read`. */
  async readFloat32(name: string): Promise<HostTensor<"float32">> {
    return toFloat32(await this.read(name));
  }

  /** A tensor's bytes as they are in the file, in a buffer of their own. */
  async readBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const { offset, byteLength } = this.entry(name);
    return withFile(this.path, (file) => readExactly(file, this.path, offset, byteLength));
  }

  private entry(name: string): TensorEntry {
    const entry = this.tensors.get(name);
    if (entry) return entry;
    throw new FollowspotError(
      `safetensors: ${this.path}: expected a tensor ${JSON.stringify(name)}, got a file without it.`,
    );
  }
}

/**
 * Opens a safetensors file: reads its header only and checks it against the file's length.
 *
 * `(await openSafetensors("unet.safetensors")).tensors.get("conv_in.weight")?.shape`
 *
 * Throws FollowspotError for a pickled checkpoint, a missing, truncated or damaged file.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  refusePickle(path);
  return new SafetensorsFile(path, await withFile(path, (file) => readHeader(file, path)));
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    const file = await open(path, "r");
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError("safetensors", path, error);
  }
}

async function readHeader(file: FileHandle, path: string): Promise<SafetensorsHeader> {
  const info = await file.stat();
  if (!info.isFile()) throw damaged(path, "expected a file, got a folder or a device");
  if (info.size < PREFIX_BYTES) {
    throw damaged(path, `expected at least ${PREFIX_BYTES} bytes, got a file of ${info.size}`);
  }
  const prefix = await readExactly(file, path, 0, PREFIX_BYTES);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  const longest = Math.min(HEADER_BYTES_MAX, info.size - PREFIX_BYTES);
  if (length > longest) throw wrongLength(path, prefix, length, longest);
  const header = await readExactly(file, path, PREFIX_BYTES, length);
  return parseSafetensorsHeader(path, header, info.size);
}

/** The first bytes make no length: say what the file is instead, when they tell. */
function wrongLength(path: string, prefix: Uint8Array, length: number, longest: number): Error {
  if (Buffer.from(prefix).toString("latin1") === "version ") {
    return new FollowspotError(
      `safetensors: ${path}: expected safetensors, got a Git LFS pointer to them.`,
      { remedy: "Run `git lfs pull` in the model's folder, or download the file itself." },
    );
  }
  if (looksPickled(prefix)) {
    return damaged(path, "expected safetensors, got a pickled checkpoint or a zip archive");
  }
  return damaged(path, `expected a header of at most ${longest} bytes, got a length of ${length}`);
}

async function readExactly(
  file: FileHandle,
  path: string,
  offset: number,
  byteLength: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(byteLength);
  let done = 0;
  while (done < byteLength) {
    const length = Math.min(PIECE_BYTES, byteLength - done);
    const { bytesRead } = await file.read(bytes, done, length, offset + done);
    if (bytesRead === 0) {
      const got = `it ends ${byteLength - done} bytes before`;
      throw damaged(path, `expected bytes up to ${offset + byteLength}, got fewer: ${got}`);
    }
    done += bytesRead;
  }
  return bytes;
}
