// Bytes to read from, wherever they lie: a file, an address, memory.

/** A file's bytes. */
export interface ByteSource {
  /** What runtimes and messages know it by: a path or an address. */
  readonly path: string;
  /** Length in bytes. */
  readonly size: number;
  /** `length` bytes from `offset`. Throws FollowspotError when there are not as many any more. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Bytes in memory under a name. All of them are given as they are, a part as a copy. */
export function memoryBytes(path: string, bytes: Uint8Array<ArrayBuffer>): ByteSource {
  return {
    path,
    size: bytes.length,
    read: async (offset, length) =>
      offset === 0 && length === bytes.length ? bytes : bytes.slice(offset, offset + length),
  };
}
