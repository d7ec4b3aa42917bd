// Configuration documents: found by a preset's name or as a file, with single values replaced by dotted path.

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { FollowspotError } from "../../core/errors.js";
import { readJsonObject } from "../../io/json.js";
import type { JsonObject } from "../../io/json.js";
import { findPackageRoot } from "../../io/package-root.js";

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
 * The document with values replaced: `{ "unet.block_out_channels.0": 32 }`. Where the place holds a list,
 * an object or null, which stands for one that is left out, a text is read as JSON if it is any.
 *
 * @param known - the document with all defaults filled in: a path must be there
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
    const before = valueAt(known, keys, path);
    const after = typeof before === "object" ? fromJson(value) : value;
    setAt(changed, known, keys, after);
  }
  return changed;
}

function valueAt(known: unknown, keys: readonly string[], path: string): unknown {
  let place = known;
  for (const key of keys) {
    if (typeof place !== "object" || place === null || !Object.hasOwn(place, key)) {
      const beside = typeof place === "object" && place !== null ? Object.keys(place) : [];
      const allowed = beside.length > 0 ? `one of ${beside.join(", ")}` : "no further key";
      throw new FollowspotError(`--set ${path}: expected ${allowed}, got "${key}".`);
    }
    place = (place as JsonObject)[key];
  }
  return place;
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

function fromJson(value: Override): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
