// A safetensors file wherever its bytes lie: the header at once, tensors when asked for.

import { FollowspotError } from "../core/errors.js";
import type { HostTensor } from "../core/tensor.js";
import type { ByteSource } from "./byte-source.js";
import { looksPickled } from "./pickle.js";
import { decode, toFloat32 } from "./safetensors-dtype.js";
import {
  damaged,
  HEADER_BYTES_MAX,
  parseSafetensorsHeader,
  PREFIX_BYTES,
} from "./safetensors-header.js";
import type { SafetensorsHeader, TensorEntry } from "./safetensors-header.js";

/** A safetensors file whose header has been checked. */
export class SafetensorsFile {
  readonly path: string;
  /** The entry of each tensor, in the order of their offsets. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(
    private readonly bytes: ByteSource,
    header: SafetensorsHeader,
  ) {
    this.path = bytes.path;
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

  /** All tensors by name, as float32 whatever their types. Throws as `read`. */
  async readAllFloat32(): Promise<Map<string, HostTensor<"float32">>> {
    const all = new Map<string, HostTensor<"float32">>();
    for (const name of this.tensors.keys()) all.set(name, await this.readFloat32(name));
    return all;
  }

  /** A tensor's bytes as they are in the file, in a buffer of their own. */
  async readBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const { offset, byteLength } = this.entry(name);
    return this.bytes.read(offset, byteLength);
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
 * Reads the header of a safetensors file and checks it against the file's length.
 *
 * Throws FollowspotError for a pickled checkpoint, a truncated or damaged file.
 */
export async function readSafetensors(bytes: ByteSource): Promise<SafetensorsFile> {
  const { path, size } = bytes;
  if (size < PREFIX_BYTES) {
    throw damaged(path, `expected at least ${PREFIX_BYTES} bytes, got a file of ${size}`);
  }
  const prefix = await bytes.read(0, PREFIX_BYTES);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  const longest = Math.min(HEADER_BYTES_MAX, size - PREFIX_BYTES);
  if (length > longest) throw wrongLength(path, prefix, length, longest);
  const header = await bytes.read(PREFIX_BYTES, length);
  return new SafetensorsFile(bytes, parseSafetensorsHeader(path, header, size));
}

/** The first bytes make no length: say what the file is instead, when they tell. */
function wrongLength(path: string, prefix: Uint8Array, length: number, longest: number): Error {
  if (String.fromCharCode(...prefix) === "version ") {
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
