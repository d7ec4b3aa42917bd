// Reading a model's config.json: defaults filled in, options that change the graph and are not built refused.

import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { explainIssue, faultsOf } from "../io/json-issues.js";

export const count = z.int().positive();

/** One value for all blocks, or one per block. */
export const perBlock = z.union([count, z.array(count)]);

/** Options that we do not build, each with the values under which it changes nothing. */
export type InertOptions = Readonly<Record<string, readonly unknown[]>>;

/** An option that is absent or off. */
export const OFF: readonly unknown[] = [null, false];

/**
 * The configuration of a model, checked, with the defaults of diffusers and transformers.
 * Throws FollowspotError, naming the option, when one has a wrong value or is not supported.
 */
export function parseConfig<T>(
  model: string,
  schema: z.ZodType<T>,
  json: unknown,
  inert: InertOptions = {},
): T {
  const parsed = schema.safeParse(json, { error: explainIssue });
  if (!parsed.success) {
    throw new FollowspotError(`${model} config: ${faultsOf(parsed.error)[0]}.`, {
      cause: parsed.error,
    });
  }
  for (const [option, values] of Object.entries(inert)) {
    const value = (json as Record<string, unknown>)[option];
    if (value === undefined || values.includes(value)) continue;
    throw unsupported(model, option, value, values);
  }
  return parsed.data;
}

/**
 * Checks that a configuration of one's own has known options alone, or such as begin with "_". Those of foreign models
 * may have any: files of other versions do.
 *
 * @throws FollowspotError naming the ones that are not, which would be dropped without a word
 */
export function refuseUnknown(model: string, json: unknown, known: readonly string[]): void {
  const unknown = Object.keys(json as object).filter(
    (key) => !/^_/.test(key) && !known.includes(key),
  );
  if (unknown.length === 0) return;
  throw new FollowspotError(
    `${model} config: expected options of ${known.join(", ")}, got ${unknown.join(", ")}.`,
    { remedy: 'Remarks of your own begin with "_".' },
  );
}

/** The error for an option that is valid elsewhere but not built here. */
export function unsupported(
  model: string,
  option: string,
  got: unknown,
  supported: readonly unknown[],
): FollowspotError {
  const known = supported.map((value) => JSON.stringify(value)).join(" or ");
  return new FollowspotError(
    `${model} config: ${option}: expected ${known}, got ${JSON.stringify(got)}, which is not supported.`,
  );
}

/** An option's value for each of `blocks` blocks. Throws FollowspotError when the list is of another length. */
export function spread<T>(
  model: string,
  option: string,
  value: T | readonly T[],
  blocks: number,
): readonly T[] {
  if (!Array.isArray(value)) return new Array<T>(blocks).fill(value as T);
  if (value.length === blocks) return value as readonly T[];
  throw new FollowspotError(
    `${model} config: ${option}: expected ${blocks} values, one per block, got ${value.length}.`,
  );
}
