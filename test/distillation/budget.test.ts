// A budget that does not pay for one update is refused, and the least that does is named.

import { describe, expect, it } from "vitest";
import { taskOf } from "../../src/distillation/kinds.js";

const shared = {
  ...{ batch: 4, seed: 3, weight_decay: 0, ema: { decay: 0.5 }, sample_every: 100 },
  learning_rate: { peak: 0.01, floor: 0.001, warmup: 0 },
  draw: { count: 2, seed: 1 },
};
const data = { data: { path: "pictures" }, flip: false };
const guidance = { rounds: "first" };

const KINDS = {
  distillation: {
    ...{ ...data, parent: "teacher", target: { kind: "progressive" } },
    // The dearest round counts: a student's evaluation and two of a guided teacher, twice each.
    ...{ rounds: { first: 2, last: 1 }, guidance },
  },
  semantic: {
    ...{ ...data, student: "student", teacher: "teacher", student_steps: 2 },
    ...{ target: { kind: "consistency" }, encoder: { width: 8, latent_dim: 6 } },
  },
  "distribution-matching": { student: "student", teacher: "teacher" },
} as const;

describe("a budget below one update", () => {
  it.each([
    ["distillation", 5],
    ["semantic", 6],
    ["distribution-matching", 3],
  ] as const)("of %s is refused, with the least that there is", (kind, evaluations) => {
    const least = shared.batch * evaluations;
    const of = (budget: number) => () => taskOf({ kind, ...shared, ...KINDS[kind], budget });
    expect(of(least - 1)).toThrow(
      `budget: expected at least ${least}, an update of 4 pictures by ${evaluations} evaluations, got ${least - 1}`,
    );
    expect(of(least)().steps).toBeGreaterThan(0);
  });
});
