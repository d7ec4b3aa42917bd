// JSON values: parsed and checked with errors that name the source, the place and what was expected there.

import type { z } from "zod";

import { FollowspotError } from "../core/errors.js";
import { explainIssue, faultsOf } from "./json-issues.js";

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

/**
 * A JSON value as a zod schema takes it. Throws FollowspotError, naming `source`, that lists every
 * field at fault.
 */
export function checkJson<T>(value: unknown, source: string, schema: z.ZodType<T>): T {
  const { success, data, error } = schema.safeParse(value, { error: explainIssue });
  if (success) return data;
  throw new FollowspotError(`json: ${source}: ${faultsOf(error).join("; ")}.`, { cause: error });
}
