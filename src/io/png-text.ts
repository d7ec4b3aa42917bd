// Text inside PNG files: written as iTXt, read from iTXt, tEXt and zTXt (PNG specification, section 11.3.3).

import { crc32, inflateSync } from "node:zlib";

import { FollowspotError } from "../core/errors.js";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Length, type and checksum around a chunk's data. */
const FRAME_BYTES = 12;
/** The key must fit PNG's keyword: 1 to 79 characters that read the same in any of its encodings. */
const KEYWORD = /^(?! )[ -~]{1,79}(?<! )$/;
/** More than any recipe; a compressed text that claims more is refused. */
const TEXT_BYTES_MAX = 2 ** 24;

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
  /** The whole chunk, frame included. */
  readonly bytes: Buffer;
}

function damaged(problem: string, cause?: unknown): FollowspotError {
  return new FollowspotError(`png: ${problem}.`, { cause });
}

/** The chunks of a PNG file in order; throws FollowspotError at the first that is damaged. */
function* chunksOf(png: Uint8Array): Generator<Chunk> {
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
    start = end;
  }
}

function frame(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(FRAME_BYTES + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, "latin1");
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

function textChunk(keyword: string, text: string): Buffer {
  if (!KEYWORD.test(keyword)) {
    throw damaged(
      `expected a text key of 1 to 79 ASCII characters, got ${JSON.stringify(keyword)}`,
    );
  }
  if (text.includes("\0")) throw damaged(`expected text without NUL under ${keyword}, got one`);
  // Keyword, end; not compressed, method 0; no language; no translated keyword; text.
  return frame("iTXt", Buffer.from(`${keyword}\0\0\0\0\0${text}`, "utf8"));
}

/**
 * A copy of a PNG file with texts added after its header, in the order given, as UTF-8 iTXt chunks;
 * texts that it has under the same keys are left out. Python reads them as `Image.open(path).text`.
 *
 * Throws FollowspotError for bytes that are no PNG, and for a key that PNG does not allow.
 */
export function writePngText(png: Uint8Array, texts: Readonly<Record<string, string>>): Uint8Array {
  const [header, ...others] = chunksOf(png);
  if (header?.type !== "IHDR") throw damaged("expected the chunk IHDR first, got none");
  const added = Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text));
  const kept = others.filter((chunk) => !isText(chunk) || !Object.hasOwn(texts, keywordOf(chunk)));
  return Buffer.concat([SIGNATURE, header.bytes, ...added, ...kept.map(({ bytes }) => bytes)]);
}

function isText({ type }: Chunk): boolean {
  return type === "tEXt" || type === "zTXt" || type === "iTXt";
}

function keywordOf({ data }: Chunk): string {
  return untilZero(data, 0).part.toString("latin1");
}

/** The part of `data` before the first zero byte at or after `start`, and where the next begins. */
function untilZero(data: Buffer, start: number): { part: Buffer; next: number } {
  const zero = data.indexOf(0, start);
  if (zero === -1) throw damaged("expected a text chunk with all its parts, got fewer");
  return { part: data.subarray(start, zero), next: zero + 1 };
}

function inflate(data: Buffer): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: TEXT_BYTES_MAX });
  } catch (error) {
    throw damaged(`expected compressed text, got ${(error as Error).message}`, error);
  }
}

function parseText({ type, data }: Chunk): [string, string] {
  const { part, next } = untilZero(data, 0);
  const keyword = part.toString("latin1");
  if (type === "tEXt") return [keyword, data.toString("latin1", next)];
  if (type === "zTXt") return [keyword, inflate(data.subarray(next + 1)).toString("latin1")];
  const language = untilZero(data, next + 2);
  const translated = untilZero(data, language.next);
  const text = data.subarray(translated.next);
  return [keyword, (data[next] === 1 ? inflate(text) : text).toString("utf8")];
}

/**
 * The texts of a PNG file by key; the last of equal keys counts.
 *
 * Throws FollowspotError for bytes that are no PNG or a damaged one.
 */
export function readPngText(png: Uint8Array): Record<string, string> {
  const texts: [string, string][] = [];
  for (const chunk of chunksOf(png)) {
    if (isText(chunk)) texts.push(parseText(chunk));
  }
  return Object.fromEntries(texts);
}
