// Writing safetensors files, byte for byte as Python's safetensors lays them out.

import { FollowspotError } from "../core/errors.js";
import { formatShape, sizeOf } from "../core/shape.js";
import type { DType } from "../core/dtype.js";
import type { HostTensor } from "../core/tensor.js";
import { writeFileAtomic } from "./atomic.js";
import { STORED_AS } from "./safetensors-dtype.js";

const METADATA = "__metadata__";
const ALIGNMENT = 8;

/** Tensors by name: an object, a Map or any list of pairs. */
export type NamedTensors =
  Readonly<Record<string, HostTensor>> | Iterable<readonly [string, HostTensor]>;

type NamedTensor = readonly [string, HostTensor];

const ORDER = Object.keys(STORED_AS) as DType[];

function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function checkName(name: string): void {
  const reserved = name === METADATA;
  if (!reserved && !/\p{Surrogate}/u.test(name)) return;
  const got = reserved ? `the reserved ${METADATA}` : JSON.stringify(name);
  throw new FollowspotError(`safetensors: expected names in whole Unicode characters, got ${got}.`);
}

function checkTensor([name, { shape, data }]: NamedTensor): void {
  checkName(name);
  if (data.length === sizeOf(shape)) return;
  const expected = `${sizeOf(shape)} elements for ${formatShape(shape)}`;
  throw new FollowspotError(`safetensors: ${name}: expected ${expected}, got ${data.length}.`);
}

/** Wide types first, so that each tensor is aligned to its element; names in order within a type. */
function inOrder(tensors: NamedTensors): NamedTensor[] {
  const entries: NamedTensor[] =
    Symbol.iterator in tensors
      ? [...(tensors as Iterable<NamedTensor>)]
      : Object.entries(tensors as Record<string, HostTensor>);
  entries.forEach(checkTensor);
  entries.sort(([nameA, a], [nameB, b]) => {
    return ORDER.indexOf(a.dtype) - ORDER.indexOf(b.dtype) || compareText(nameA, nameB);
  });
  const names = new Set(entries.map(([name]) => name));
  if (names.size === entries.length) return entries;
  throw new FollowspotError(
    `safetensors: expected each name once, got ${entries.length} tensors of ${names.size} names.`,
  );
}

function headerOf(entries: NamedTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  // A list of members, since an object would put names such as "0" first.
  const members: string[] = [];
  const texts = Object.entries(metadata).sort(([a], [b]) => compareText(a, b));
  if (texts.length > 0) {
    const pairs = texts.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    members.push(`"${METADATA}":{${pairs.join(",")}}`);
  }
  let offset = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    const end = offset + data.byteLength;
    const entry = { dtype: STORED_AS[dtype], shape, data_offsets: [offset, end] };
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    offset = end;
  }
  const json = Buffer.from(`{${members.join(",")}}`);
  const padded = Buffer.alloc(Math.ceil(json.length / ALIGNMENT) * ALIGNMENT, " ");
  padded.set(json);
  return padded;
}

/**
 * The pieces of a safetensors file in order: length, header, then each tensor's own bytes (views,
 * not copies). The same tensors and metadata give the same bytes, in whatever order they come.
 *
 * Throws FollowspotError for a name given twice, reserved or not Unicode.
 */
export function encodeSafetensors(
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const entries = inOrder(tensors);
  const header = headerOf(entries, metadata);
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(header.length), true);
  const data = entries.map(([, { data }]) => {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  });
  return [prefix, header, ...data];
}

/** Writes a safetensors file, whole or not at all. Throws as encodeSafetensors and writeFileAtomic. */
export async function writeSafetensors(
  path: string,
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}
