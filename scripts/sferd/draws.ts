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

/** What of a draw `followspot sample` is told besides model, steps and count. */
export function drawFlags({ sampler, like, attentionGuidance }: Draw): string[] {
  return [
    ...(sampler === undefined ? [] : ["--sampler", sampler]),
    ...guidanceFlags(attentionGuidance),
    ...(like === undefined ? [] : ["--like", like]),
  ];
}

function guidanceFlags(guidance: Draw["attentionGuidance"]): string[] {
  if (guidance === undefined) return [];
  const { scale, threshold, blur, site } = guidance;
  return [
    ...["--attention-guidance", String(scale)],
    ...(threshold === undefined ? [] : ["--attention-threshold", String(threshold)]),
    ...(blur === undefined ? [] : ["--attention-blur", `${blur.kernel},${blur.sigma}`]),
    ...(site === undefined ? [] : ["--attention-site", site]),
  ];
}
