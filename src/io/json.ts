// JSON files: read with errors that name the file, the place and what was expected there.

import { readFile } from "node:fs/promises";

import { z } from "zod";

import { writeFileAtomic } from "./atomic.js";
import { fileError } from "./file-error.js";
import { checkJson, parseJson } from "./json-value.js";
import type { JsonObject } from "./json-value.js";

export { parseJson } from "./json-value.js";
export type { JsonObject } from "./json-value.js";

/** A JSON file's value. Throws FollowspotError for a missing file and for one that is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return parseJson(await readFile(path, "utf8"), path);
  } catch (error) {
    throw fileError("json", path, error);
  }
}

/** A JSON file's object. Throws FollowspotError for any other value, and as readJson. */
export async function readJsonObject(path: string): Promise<JsonObject> {
  return readJsonAs(path, z.record(z.string(), z.unknown()));
}

/**
 * A JSON file's value as a zod schema takes it: `readJsonAs("unet/config.json", UNetConfig)`.
 *
 * Throws FollowspotError that lists every field at fault, and as readJson.
 */
export async function readJsonAs<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  return checkJson(await readJson(path), path, schema);
}

/** Writes a value as indented JSON, whole or not at all. Throws as writeFileAtomic. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}
