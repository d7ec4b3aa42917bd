// Text inside PNG files: written as iTXt, read from iTXt, tEXt and zTXt (PNG specification, section 11.3.3).

import { inflateSync } from "node:zlib";

import { chunksOf, damaged, frame, SIGNATURE } from "./png-chunks.js";
import type { Chunk } from "./png-chunks.js";

/** The key must fit PNG's keyword: 1 to 79 characters that read the same in any of its encodings. */
const KEYWORD = /^(?! )[ -~]{1,79}(?<! )$/;
/** More than any recipe; a compressed text that claims more is refused. */
const TEXT_BYTES_MAX = 2 ** 24;

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

/** The chunks of texts, in the order given. Throws FollowspotError for a key that PNG does not allow. */
export function textChunks(texts: Readonly<Record<string, string>>): Buffer[] {
  return Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text));
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
  const kept = others.filter((chunk) => !isText(chunk) || !Object.hasOwn(texts, keywordOf(chunk)));
  return Buffer.concat([
    SIGNATURE,
    header.bytes,
    ...textChunks(texts),
    ...kept.map(({ bytes }) => bytes),
  ]);
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
