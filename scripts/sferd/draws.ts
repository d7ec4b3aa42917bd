// What is drawn of a teacher, a chain and a student of any number of steps.

import type { Draw } from "./row.js";

/** Pictures to compare a teacher's numbers of steps by. */
export const FEW = 2000;

export const teacherDraws = (sampler: string, steps: readonly number[]): Draw[] =>
  steps.map((each) => ({ model: "{teacher}/model", steps: each, sampler, count: FEW }));

/** One chain yields students of all numbers of steps; that of one step is the run's model. */
export const CHAIN: readonly Draw[] = [1, 2, 4].map((steps) => ({
  model: steps === 1 ? "model" : `students/${steps}`,
  steps,
}));

/** A consistency student takes any number of steps. */
export const ANY_STEPS: readonly Draw[] = [1, 2, 4].map((steps) => ({ model: "model", steps }));
