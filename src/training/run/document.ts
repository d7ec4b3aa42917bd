// Configuration documents: found by a preset's name or as a file, with single values replaced by dotted path.

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { FollowspotError } from "../../core/errors.js";
import { readJsonObject } from "../../io/json.js";
import type { JsonObject } from "../../io/json.js";
import { findPackageRoot } from "../../io/package-root.js";
import { fieldsOf, schemaOf } from "./checked.js";

const ENDING = ".json";

function presetFolder(): string | undefined {
  const root = findPackageRoot();
  return root && join(root, "configs");
}

/** Names of the configurations that ship with the package, sorted. */
export async function listPresets(): Promise<string[]> {
  const folder = presetFolder();
  const files = folder ? await readdir(folder).catch(() => []) : [];
  return files
    .filter((file) => file.endsWith(ENDING))
    .map((file) => basename(file, ENDING))
    .sort();
}

/**
 * A configuration as it was written, and its name, which names runs.
 *
 * @param config - a preset's name or the path of a JSON file
 * @throws FollowspotError listing the presets when there is no such configuration
 */
export async function readDocument(
  config: string,
): Promise<{ name: string; document: JsonObject }> {
  const presets = await listPresets();
  const isPreset = presets.includes(config);
  if (!isPreset && !existsSync(config)) {
    throw new FollowspotError(
      `train: expected a preset (${presets.join(", ")}) or a JSON file, got ${config}.`,
    );
  }
  const path = isPreset ? join(presetFolder()!, config + ENDING) : config;
  return { name: nameOf(config), document: await readJsonObject(path) };
}

/** What runs of a configuration are called: the preset's name, or the file's without its ending. */
export function nameOf(path: string): string {
  const stem = basename(path, extname(path));
  return stem.replace(/[^\w.-]+/g, "-") || "run";
}

/** A value that replaces another. */
export type Override = string | number | boolean | null;

/**
 * The document with values replaced: `{ "unet.block_out_channels.0": 32 }`. A list or an object as JSON replaces
 * whatever is no text.
 *
 * @param known - the document with all defaults filled in: a path must be there, or be an option of its schema
 * @throws FollowspotError naming the path that is not, with those beside it
 */
export function withOverrides(
  document: JsonObject,
  known: JsonObject,
  overrides: Readonly<Record<string, Override>>,
): JsonObject {
  const changed = structuredClone(document);
  for (const [path, value] of Object.entries(overrides)) {
    const keys = path.split(".");
    const before = valueAt(known, keys, value);
    setAt(changed, known, keys, typeof before === "string" ? textOf(value) : fromJson(value));
  }
  return changed;
}

/** Where a text is, a number is text too: a folder named 2024. */
const textOf = (value: Override): Override => (value === null ? value : String(value));

/** What stands at a place; undefined for an option that is left out. */
function valueAt(known: JsonObject, keys: readonly string[], value: Override): unknown {
  let place: unknown = known;
  let schema = schemaOf(known);
  for (const [depth, key] of keys.entries()) {
    const fields = fieldsOf(schema);
    const holder = typeof place === "object" ? (place as JsonObject | null) : null;
    const beside = new Set([...Object.keys(holder ?? {}), ...Object.keys(fields)]);
    if (!beside.has(key)) {
      const allowed = beside.size > 0 ? `one of ${[...beside].join(", ")}` : "no further key";
      throw new FollowspotError(`--set ${keys.join(".")}: expected ${allowed}, got "${key}".`);
    }
    if (holder === null) throw wholeFirst(keys, depth, value);
    place = holder[key];
    schema = fields[key];
  }
  return place;
}

/** The error for a key of what is left out: its neighbours may be needed, so it is set as a whole. */
function wholeFirst(keys: readonly string[], depth: number, value: Override): FollowspotError {
  const whole = keys.slice(0, depth).join(".");
  const inside = keys.slice(depth).reduceRight<unknown>((held, key) => ({ [key]: held }), value);
  return new FollowspotError(
    `--set ${keys.join(".")}: expected ${whole} to be an object, got none.`,
    { remedy: `Set it as a whole: --set '${whole}=${JSON.stringify(inside)}'.` },
  );
}

function setAt(
  document: JsonObject,
  known: JsonObject,
  [key, ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) {
    document[key!] = value;
    return;
  }
  // What the document leaves to its defaults is not there yet.
  document[key!] ??= structuredClone(known[key!]);
  setAt(document[key!] as JsonObject, known[key!] as JsonObject, rest, value);
}

/** A text's list or object, if it is one. */
function fromJson(value: Override): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
