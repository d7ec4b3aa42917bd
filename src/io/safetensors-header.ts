// The header of a safetensors file, checked in every claim it makes (format: huggingface/safetensors).

import { FollowspotError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import { findHiddenFault } from "./json-scan.js";
import { isStoredDType, STORED_BYTES } from "./safetensors-dtype.js";
import type { StoredDType } from "./safetensors-dtype.js";

/** Bytes before the header: its length as a 64-bit little-endian integer. */
export const PREFIX_BYTES = 8;
/** The format's own limit. */
export const HEADER_BYTES_MAX = 100_000_000;
/** The format needs three; a few more let a tensor's entry carry what later versions add. */
const DEPTH_MAX = 8;
const METADATA = "__metadata__";

/** Where a tensor lies: `offset` counts from the start of the file, so it serves external data. */
export interface TensorEntry {
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

type Fail = (problem: string) => never;

/** The error for a file that does not keep to the format. */
export function damaged(file: string, problem: string): FollowspotError {
  return new FollowspotError(`safetensors: ${file}: ${problem}.`, {
    remedy: "Download or write the file again.",
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A value from the header for an error message, cut to a line. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function parseObject(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  if (bytes[0] !== 0x7b) fail("expected a header that starts with {, got something else");
  let fault: string | undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    fault = findHiddenFault(text, DEPTH_MAX);
    if (fault === undefined) return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    const message = (error as Error).message.replace(/\p{Cc}/gu, " ");
    return fail(`expected a header in UTF-8 JSON, got ${message}`);
  }
  return fail(`expected each name once and at most ${DEPTH_MAX} nested brackets, got ${fault}`);
}

function parseMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) return fail(`expected ${METADATA} to be an object, got ${show(value)}`);
  const wrong = Object.entries(value).find(([, text]) => typeof text !== "string");
  if (wrong) fail(`expected text under ${METADATA} ${show(wrong[0])}, got ${show(wrong[1])}`);
  return Object.fromEntries(Object.entries(value)) as Record<string, string>;
}

/** Elements of a shape, or undefined when the product is not exact. */
function countElements(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const extent of shape) {
    count *= extent;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

function parseEntry(name: string, value: unknown, base: number, fail: Fail): TensorEntry {
  const tensor = `tensor ${show(name)}`;
  if (!isObject(value)) return fail(`expected ${tensor} to be an object, got ${show(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isStoredDType(dtype)) {
    const known = Object.keys(STORED_BYTES).join(", ");
    return fail(`expected the dtype of ${tensor} to be one of ${known}, got ${show(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    return fail(`expected the shape of ${tensor} as whole numbers, got ${show(shape)}`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    return fail(`expected data_offsets of ${tensor} as two whole numbers, got ${show(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const count = countElements(shape);
  const byteLength = count === undefined ? Infinity : count * STORED_BYTES[dtype];
  if (end - begin !== byteLength) {
    const told = `${byteLength} bytes for ${dtype} of shape ${show(formatShape(shape))}`;
    return fail(`expected ${told} in ${tensor}, got offsets from ${begin} to ${end}`);
  }
  return { dtype, shape, offset: base + begin, byteLength };
}

/** Tensors must fill the bytes after the header: each once, none twice. */
function checkLayout(entries: [string, TensorEntry][], base: number, length: number, fail: Fail) {
  let end = base;
  for (const [name, { offset, byteLength }] of entries) {
    if (offset !== end) {
      const kind = offset < end ? "an overlap" : "a gap";
      fail(`expected tensor ${show(name)} at byte ${end}, got byte ${offset}: ${kind}`);
    }
    end += byteLength;
  }
  if (end !== length) {
    fail(
      `expected ${end} bytes by the header, got a file of ${length}${end > length ? ", cut off" : ""}`,
    );
  }
}

/**
 * Parses and checks a header. `bytes` is the header without its length prefix, `fileLength` the
 * length of the whole file; `file` names it in errors. Tensors come in the order of their offsets.
 *
 * Throws FollowspotError for anything but a header that describes the file exactly.
 */
export function parseSafetensorsHeader(
  file: string,
  bytes: Uint8Array,
  fileLength: number,
): SafetensorsHeader {
  const fail: Fail = (problem) => {
    throw damaged(file, problem);
  };
  const { [METADATA]: metadata, ...tensors } = parseObject(bytes, fail);
  const base = PREFIX_BYTES + bytes.length;
  const entries = Object.entries(tensors).map(([name, value]): [string, TensorEntry] => {
    return [name, parseEntry(name, value, base, fail)];
  });
  entries.sort(([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength);
  checkLayout(entries, base, fileLength, fail);
  return { tensors: new Map(entries), metadata: parseMetadata(metadata, fail) };
}
