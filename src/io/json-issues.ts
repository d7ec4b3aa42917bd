// What zod finds wrong in a JSON value, in words: what was expected there, and what was got.

import type { z } from "zod";

type Issue = z.core.$ZodIssue | z.core.$ZodRawIssue;

const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  bigint: "a whole number",
  boolean: "true or false",
  int: "a whole number",
  never: "nothing",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a text",
  tuple: "a list",
};
/** Longer values are cut where they are shown. */
const SHOWN = 80;

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  // JSON has no numbers that are none, and no whole numbers of any length.
  const plain = typeof value === "number" || typeof value === "bigint";
  const text = plain ? String(value) : jsonOf(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}...`;
}

/** Values of programs need not be JSON: functions, and objects that hold themselves. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, bigAsText) ?? typeof value;
  } catch {
    return typeof value;
  }
}

const bigAsText = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value;

/**
 * Every fault of a value that was checked with `explainIssue`, the place before it if it is not the value itself:
 * "boxes[0].words: expected a text, got 3".
 */
export function faultsOf({ issues }: z.ZodError): string[] {
  return issues.map(({ path, message }) =>
    path.length === 0 ? message : `${placeOf(path)}: ${message}`,
  );
}

/** The `error` of a schema's check: "expected X, got Y" for every fault that has no words of its own. */
export const explainIssue: z.core.$ZodErrorMap = (issue) => {
  const expected = expectation(issue);
  return expected === undefined ? undefined : `expected ${expected}, got ${gotIn(issue)}`;
};

function gotIn(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "unrecognized_keys") return issue.keys.map(shown).join(", ");
  const named = issue.code === "invalid_union" && discriminatorOf(issue);
  return shown(named ? (issue.input as Readonly<Record<string, unknown>>)[named.key] : issue.input);
}

/** Keys and indices as they are written in code: `boxes[0].words`. */
function placeOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((place, part) => {
    if (typeof part === "number") return `${place}[${part}]`;
    return place === "" ? String(part) : `${place}.${String(part)}`;
  }, "");
}

/** What was expected; undefined where zod says it better. */
function expectation(issue: Issue): string | undefined {
  if (issue.code === "invalid_type") return TYPES[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_value") {
    const [first, ...others] = issue.values;
    return others.length === 0 ? shown(first) : `one of ${issue.values.map(String).join(", ")}`;
  }
  if (issue.code === "too_small") {
    return limited(issue.origin, issue.minimum, issue.inclusive ? "at least" : "above");
  }
  if (issue.code === "too_big") {
    return limited(issue.origin, issue.maximum, issue.inclusive ? "at most" : "below");
  }
  if (issue.code === "unrecognized_keys") return keysExpected(issue);
  if (issue.code === "invalid_format" && issue.pattern) return `a text like ${issue.pattern}`;
  if (issue.code !== "invalid_union") return undefined;
  const names = discriminatorOf(issue)?.names;
  if (names) return `one of ${names.map(String).join(", ")}`;
  return [...new Set(issue.errors.map(alternative))].join(" or ");
}

/** The key by whose value a union's members are told apart, and the values that it may have. */
function discriminatorOf(
  issue: Extract<Issue, { code: "invalid_union" }>,
): { key: string; names: readonly unknown[] } | undefined {
  const { discriminator, options } = issue as { discriminator?: string; options?: unknown[] };
  return discriminator === undefined || !options
    ? undefined
    : { key: discriminator, names: options };
}

function limited(origin: string, limit: number | bigint, word: string): string {
  if (origin === "string") return `a text of ${word} ${limit} characters`;
  if (origin === "array") return `a list of ${word} ${limit} values`;
  return `a number ${/^at/.test(word) ? "of " : ""}${word} ${limit}`;
}

/** The keys that an object takes, where it is known which object that is. */
function keysExpected(issue: Issue): string {
  const inst = "inst" in issue ? (issue.inst as z.core.$ZodObject | undefined) : undefined;
  const keys = Object.keys(inst?._zod.def.shape ?? {});
  return keys.length === 0 ? "no such key" : `keys of ${keys.join(", ")}`;
}

/** What one member of a union wants: its first fault, with the place inside if it is not the value itself. */
function alternative([issue]: readonly z.core.$ZodIssue[]): string {
  const expected = issue && expectation(issue);
  if (!issue || expected === undefined) return issue?.message ?? "another value";
  return issue.path.length === 0 ? expected : `${placeOf(issue.path)} to be ${expected}`;
}
