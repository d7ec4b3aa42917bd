// What rows of the experiments are planned to cost: all that went into them, by hand.

import { describe, expect, it } from "vitest";
import { Budget } from "../../scripts/sferd/budget.js";
import { EXPERIMENTS } from "../../scripts/sferd/experiments.js";

function planned(experiment: string, name: string, steps = 1): number {
  const { rows } = EXPERIMENTS[experiment]!;
  const row = rows.find((each) => each.name === name)!;
  const draw = row.draws.find((each) => each.steps === steps)!;
  return new Budget(rows).planned(row, draw);
}

const ROUND = 19_200;

describe("the budget of a row", () => {
  it("is nothing for a teacher, whatever draws from it", () => {
    expect(planned("mnist", "teacher", 8)).toBe(0);
    expect(planned("mnist", "source", 8)).toBe(0);
  });

  it("is a round for each halving of a chain, as far as the student goes", () => {
    expect([4, 2, 1].map((steps) => planned("mnist", "pd", steps))).toEqual(
      [2, 3, 4].map((rounds) => rounds * ROUND),
    );
    expect(planned("cifar10", "pd")).toBe(5 * ROUND);
    expect(planned("mnist", "cd", 4)).toBe(4 * ROUND);
  });

  it("holds what it goes on from: a chain, or a chain without its last round", () => {
    expect(planned("mnist", "matched")).toBe((4 + 3) * ROUND);
    expect(planned("mnist", "matched-again")).toBe((4 + 3 + 3) * ROUND);
    expect(planned("mnist", "judged")).toBe((3 + 3) * ROUND);
    expect(planned("cifar10", "judged")).toBe((4 + 3) * ROUND);
  });

  it("is a chain's for rows that share it otherwise among the rounds", () => {
    for (const name of ["longer-half", "judged-half"]) {
      expect(planned("mnist", name)).toBe(planned("mnist", "pd"));
      expect(planned("cifar10", name)).toBe(planned("cifar10", "pd"));
    }
  });

  it("counts the pictures that a row learns from where they were drawn for it", () => {
    expect(planned("mnist", "told")).toBe(4 * ROUND);
    expect(planned("mnist", "told-by-teacher")).toBe(4 * ROUND + 8 * 10_000);
    // Guided pictures take two evaluations a step.
    expect(planned("mnist", "told-by-guided")).toBe(4 * ROUND + 2 * 8 * 10_000);
    expect(planned("mnist", "decoder-zeros")).toBe(4 * ROUND);
  });
});
