// JSON files: read with errors that name the file, the place and what was expected there.

import { readFile } from "node:fs/promises";

import { z } from "zod";

import { FollowspotError } from "../core/errors.js";
import { writeFileAtomic } from "./atomic.js";
import { fileError } from "./file-error.js";

/** Fields by name, their values unknown. */
export type JsonObject = Record<string, unknown>;

/** A JSON text's value. Throws FollowspotError, naming `source`, when it is not JSON. */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    const message = (cause as Error).message.replace(/\p{Cc}/gu, " ");
    throw new FollowspotError(`json: ${source}: expected JSON, got ${message}.`, { cause });
  }
}

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
  const result = schema.safeParse(await readJson(path));
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path: field, message }) => {
    return field.length === 0 ? message : `${field.join(".")}: ${message}`;
  });
  throw new FollowspotError(`json: ${path}: ${faults.join("; ")}.`, { cause: result.error });
}

/** Writes a value as indented JSON, whole or not at all. Throws as writeFileAtomic. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}
