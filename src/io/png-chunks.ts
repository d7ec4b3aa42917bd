// The chunks that PNG files are made of (PNG specification, section 5).

import { crc32 } from "node:zlib";

import { FollowspotError } from "../core/errors.js";

export const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Length, type and checksum around a chunk's data. */
const FRAME_BYTES = 12;

export interface Chunk {
  readonly type: string;
  readonly data: Buffer;
  /** The whole chunk, frame included. */
  readonly bytes: Buffer;
}

export function damaged(problem: string, cause?: unknown): FollowspotError {
  return new FollowspotError(`png: ${problem}.`, { cause });
}

/** The chunks of a PNG file in order, to its end chunk; throws FollowspotError at the first that is damaged. */
export function* chunksOf(png: Uint8Array): Generator<Chunk> {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) {
    throw damaged("expected a PNG file, got something else");
  }
  for (let start = SIGNATURE.length; start < bytes.length;) {
    const whole = start + FRAME_BYTES <= bytes.length;
    const end = whole ? start + FRAME_BYTES + bytes.readUInt32BE(start) : Infinity;
    if (end > bytes.length) throw damaged(`expected a whole chunk at byte ${start}, got its start`);
    const type = bytes.toString("latin1", start + 4, start + 8);
    const data = bytes.subarray(start + 8, end - 4);
    if (crc32(bytes.subarray(start + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw damaged(`expected chunk ${JSON.stringify(type)} to match its checksum, got another`);
    }
    yield { type, data, bytes: bytes.subarray(start, end) };
    // What other programs append is none of the picture's.
    if (type === "IEND") return;
    start = end;
  }
}

/** A chunk with its length and checksum. */
export function frame(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(FRAME_BYTES + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, "latin1");
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
