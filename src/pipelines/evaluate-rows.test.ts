import { describe, expect, it } from "vitest";
import { commandOf } from "./evaluate-command.js";
import { defaultRows, describeRow, rowsOf } from "./evaluate-rows.js";
import type { MethodName } from "./recipe-methods.js";

const tune = { model: "stage", split: "tune" } as const;

describe("rowsOf", () => {
  it("gives every method with its defaults and the model's, plain sampling first", () => {
    const rows = rowsOf(
      { model: "stage", split: "test" },
      { direct: { trailing: 75, until: 0.4 }, "dd-v1": { trailing: 75 } },
    );
    expect(rows.map(({ name }) => name)).toEqual(["none", "dd-v1", "direct", "dd"]);
    expect(rows[1]).toMatchObject({ method: { name: "dd-v1", trailing: 75 }, until: 0.2 });
    expect(rows[2]).toMatchObject({
      method: { name: "direct", trailing: 75 },
      strength: 1,
      until: 0.4,
    });
  });

  it("gives every combination of settings a row, of the methods that direct", () => {
    const settings = { strength: [1, 2], trailing: [15, 75], steps: 10 };
    const rows = rowsOf({ ...tune, methods: ["direct"], settings }, {});
    expect(rows.map(({ name }) => name)).toEqual([
      "none",
      "direct strength 1 trailing 15",
      "direct strength 1 trailing 75",
      "direct strength 2 trailing 15",
      "direct strength 2 trailing 75",
    ]);
    expect(rows[4]).toMatchObject({ strength: 2, until: 0.3, method: { trailing: 75 } });
    expect(rows[0]!.method).toEqual({ name: "none" });
  });

  it("tries parameters on the methods that have them", () => {
    const settings = { gain: [0.15, 6], trailing: [0] };
    const rows = rowsOf({ ...tune, methods: ["direct", "dd"], settings }, {});
    expect(rows.map(({ name }) => name)).toEqual([
      "none",
      "direct trailing 0 gain 0.15",
      "direct trailing 0 gain 6",
      "dd trailing 0 gain 0.15",
      "dd trailing 0 gain 6",
    ]);
    expect(rows[2]!.method).toMatchObject({ name: "direct", trailing: 0, gain: 6 });
    expect(() => rowsOf({ ...tune, methods: ["dd-v1"], settings }, {})).toThrow(
      "expected settings that dd-v1 has",
    );
  });

  it("chooses nothing on the test list, and knows the methods", () => {
    const test = { ...tune, split: "test" } as const;
    expect(() => rowsOf({ ...test, settings: { until: [0.5] } }, {})).toThrow(
      "expected the defaults on the test list, got until",
    );
    const steps = { ...test, settings: { steps: 2 } };
    expect(() => rowsOf(steps, {})).toThrow("got steps");
    expect(rowsOf(steps, {}, true)).toHaveLength(4);
    const methods = ["magic" as MethodName];
    expect(() => rowsOf({ ...tune, methods }, {})).toThrow("expected methods of direct, dd");
  });
});

it("describeRow tells all that the pictures depend on", () => {
  expect(
    defaultRows({ "dd-v1": { trailing: 9 }, direct: { trailing: 9, gain: 3 } })
      .slice(0, 3)
      .map(describeRow),
  ).toEqual([
    "none",
    "dd-v1 trailing 9 outside 0.01 unlisted 0.01 count words strength 1 until 0.2",
    "direct trailing 9 gain 3 lift 1 outside 0.001 strength 1 until 0.3",
  ]);
});

it("commandOf is the line that makes the same figures", () => {
  expect(commandOf({ model: "stage", split: "test", jobs: 2, output: "x" })).toBe(
    "npx followspot evaluate placement --model stage --split test",
  );
  const settings = { strength: [1, 2], cfg: 3 };
  expect(commandOf({ ...tune, count: 4, methods: ["direct", "dd"], settings })).toBe(
    "npx followspot evaluate placement --model stage --split tune --count 4 --methods direct,dd --strength 1,2 --cfg 3",
  );
});
