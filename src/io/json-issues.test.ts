import { describe, expect, it } from "vitest";
import { z } from "zod";
import { explainIssue, faultsOf } from "./json-issues.js";

/** What is told of a value that a schema refuses. */
function told(schema: z.ZodType, value: unknown): string {
  const { error } = schema.safeParse(value, { error: explainIssue });
  return error ? faultsOf(error).join("; ") : "";
}

describe("a fault in a JSON value is told with what was got", () => {
  const pair = z.tuple([z.number(), z.number()]);
  const named = z.object({ b: z.string() });
  const kinds = z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("a"), a: z.number() }),
    z.object({ kind: z.literal("b") }),
  ]);
  const either = z.union([
    z.strictObject({ power: z.number().positive() }),
    z.strictObject({ mean: z.number() }),
  ]);
  it.each<[z.ZodType, unknown, string]>([
    [z.number(), "1", 'expected a number, got "1"'],
    [z.number(), NaN, "expected a number, got NaN"],
    [z.int(), 1.5, "expected a whole number, got 1.5"],
    [z.string(), undefined, "expected a text, got nothing"],
    [z.boolean(), null, "expected true or false, got null"],
    [z.strictObject({}), [1], "expected an object, got [1]"],
    [z.int().positive(), 0, "expected a number above 0, got 0"],
    [z.int().min(2), 1, "expected a number of at least 2, got 1"],
    [z.number().max(5), 6, "expected a number of at most 5, got 6"],
    [z.number().lt(5), 5, "expected a number below 5, got 5"],
    [z.string().min(1), "", 'expected a text of at least 1 characters, got ""'],
    [pair, [1], "expected a list of at least 2 values, got [1]"],
    [z.array(z.number()), ["x"], '[0]: expected a number, got "x"'],
    [z.object({ a: z.array(named) }), { a: [{ b: 1 }] }, "a[0].b: expected a text, got 1"],
    [z.bigint().max(7n), 2n ** 64n, "expected a number of at most 7, got 18446744073709551616"],
    [z.string(), { seed: 1n }, 'expected a text, got {"seed":"1"}'],
    [z.string(), () => 1, "expected a text, got function"],
    [z.string().regex(/^\d+$/), "a", 'expected a text like /^\\d+$/, got "a"'],
    [kinds, { kind: "c", a: 1 }, 'kind: expected one of a, b, got "c"'],
    [kinds, { kind: "a" }, "a: expected a number, got nothing"],
    [z.enum(["v", "x0"]), "w", 'expected one of v, x0, got "w"'],
    [z.literal("teacher"), "x", 'expected "teacher", got "x"'],
    [z.union([z.number(), pair]), "[8,8]", 'expected a number or a list, got "[8,8]"'],
    [either, { powr: 1 }, 'expected power to be a number or mean to be a number, got {"powr":1}'],
    [either, 3, "expected an object, got 3"],
    [
      z.string().max(1),
      "x".repeat(99),
      `expected a text of at most 1 characters, got "${"x".repeat(79)}...`,
    ],
  ])("%#: %o", (schema, value, message) => {
    expect(told(schema, value)).toBe(message);
  });

  it("names the keys of an object that has another", () => {
    const schema = z.strictObject({ a: z.number(), b: z.number().optional() });
    expect(told(schema, { a: 1, c: 2, d: 3 })).toBe('expected keys of a, b, got "c", "d"');
  });

  it("leaves a schema its own words", () => {
    const odd = z.number().refine((value) => value % 2 === 1, { error: "expected an odd number" });
    expect(told(odd, 2)).toBe("expected an odd number");
  });
});
