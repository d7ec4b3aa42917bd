// What zod finds wrong in a JSON value, in words: what was expected there, and what was got.

import type { z } from "zod";

type Issue = z.core.$ZodIssue | z.core.$ZodRawIssue;

const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
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
  // JSON has no numbers that are none.
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}...`;
}

/** The `error` of a schema's check: "expected X, got Y" for every fault that has no words of its own. */
export const explainIssue: z.core.$ZodErrorMap = (issue) => {
  const expected = expectation(issue);
  if (expected === undefined) return undefined;
  const got = issue.code === "unrecognized_keys" ? issue.keys.map(shown).join(", ") : undefined;
  return `expected ${expected}, got ${got ?? shown(issue.input)}`;
};

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
  if (issue.code !== "invalid_union") return undefined;
  return [...new Set(issue.errors.map(alternative))].join(" or ");
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
  return issue.path.length === 0 ? expected : `${issue.path.join(".")} to be ${expected}`;
}
