// Errors on their way between threads: a clone keeps the built-in classes only, and drops what was added.

import { FollowspotError } from "../../core/errors.js";

/** An error that can be cloned. */
export interface ToldError {
  readonly error: unknown;
  /** Of a FollowspotError, which the clone is not: its remedy, absent where it has none. */
  readonly forPeople?: { readonly remedy?: string | undefined };
  /** Strings and numbers beside the message: `code`, `path` and the like of the system's errors. */
  readonly details: Readonly<Record<string, string | number>>;
  readonly cause?: ToldError;
}

/** What is sent in an error's place. */
export function tellError(error: unknown): ToldError {
  if (!(error instanceof Error)) return { error: String(error), details: {} };
  const details: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(error)) {
    if (name === "name" || name === "remedy") continue;
    if (typeof value === "string" || typeof value === "number") details[name] = value;
  }
  return {
    error: plain(error),
    details,
    ...(error instanceof FollowspotError ? { forPeople: { remedy: error.remedy } } : {}),
    ...(error.cause === undefined ? {} : { cause: tellError(error.cause) }),
  };
}

/** The error that was told. */
export function errorOf({ error, forPeople, details, cause: told }: ToldError): unknown {
  if (!(error instanceof Error)) return error;
  const cause = told && errorOf(told);
  if (forPeople) return personsError(error, forPeople.remedy, cause);
  if (told) error.cause = cause;
  return Object.assign(error, details);
}

/** The same without its cause and what was added, which need not be cloneable. */
function plain(error: Error): Error {
  const builtIn = [RangeError, TypeError, SyntaxError].find((kind) => error instanceof kind);
  const made = new (builtIn ?? Error)(error.message);
  if (error.stack !== undefined) made.stack = error.stack;
  return made;
}

function personsError(
  { message, stack }: Error,
  remedy: string | undefined,
  cause: unknown,
): FollowspotError {
  // The message ends with the remedy, which the constructor adds.
  const fault = remedy ? message.slice(0, -remedy.length - 1) : message;
  const made = new FollowspotError(fault, { cause, ...(remedy ? { remedy } : {}) });
  if (stack !== undefined) made.stack = stack;
  return made;
}
