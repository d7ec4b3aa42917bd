// Where a student's own steps lead from noise: the pictures at which it will be asked, in place of noised data.
// (Ross et al. 2011, arXiv 1011.0686, call it data aggregation; Agarwal et al. 2024, arXiv 2306.13649, distil so.)

import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import { carryFactors } from "../diffusion/samplers/sampler.js";
import { add, mul, sub } from "../engine/functions.js";
import type { Graph, Value } from "../engine/graph.js";
import type { LevelValues, Predict } from "../guidance/self-attention/index.js";
import { perPicture } from "../training/losses.js";
import { intervalLevels } from "./grid.js";
import type { GridOptions } from "./grid.js";
import { declareLevel, levelFeeds } from "./path.js";

/** One step of the walk as values, [N] each. */
interface WalkStep {
  readonly level: LevelValues;
  readonly keep: Value;
  readonly gain: Value;
  /** 1 for pictures that take the step, 0 for those that are where they should be. */
  readonly taken: Value;
}

const stepName = (j: number): string => `walk.${j}`;

/** Inputs `walk.begun` [N], 1 for pictures that walk, and of each step `walk.<step>.…` [N]. */
function declareWalk(
  graph: Graph,
  batch: number,
  steps: number,
): { readonly begun: Value; readonly steps: readonly WalkStep[] } {
  const input = (name: string): Value => graph.input(name, "float32", [batch]);
  return {
    begun: input("walk.begun"),
    steps: Array.from({ length: steps }, (_, j) => ({
      level: declareLevel(graph, stepName(j), batch),
      keep: input(`${stepName(j)}.keep`),
      gain: input(`${stepName(j)}.gain`),
      taken: input(`${stepName(j)}.taken`),
    })),
  };
}

const between = (share: Value, there: Value, here: Value): Value =>
  add(here, mul(sub(there, here), perPicture(share)));

/**
 * The pictures at which a student is asked, [N, H, W, C]: where the steps of `walker` lead from `noise` for those that
 * walk, `noisy` for the others. Inputs as of `walkFeeds`.
 *
 * @param steps - of the longest walk, one less than the student's
 */
export function walkedPictures(
  graph: Graph,
  walker: Predict,
  { noisy, noise }: { readonly noisy: Value; readonly noise: Value },
  { batch, steps }: { readonly batch: number; readonly steps: number },
): Value {
  const walk = declareWalk(graph, batch, steps);
  const start = between(walk.begun, noise, noisy);
  return walk.steps.reduce((here, { level, keep, gain, taken }) => {
    const x0 = walker(here, level);
    const there = add(mul(here, perPicture(keep)), mul(x0, perPicture(gain)));
    return between(taken, there, here);
  }, start);
}

/**
 * The feeds of `walkedPictures` for pictures at t = i / steps: those of `walks` come from t = 1 by DDIM steps of
 * 1 / steps.
 */
export function walkFeeds(
  intervals: readonly number[],
  walks: readonly boolean[],
  grid: Pick<GridOptions, "schedule" | "steps">,
): Record<string, HostTensor> {
  const { steps } = grid;
  const rows = intervals.length;
  const each = (of: (row: number) => number): HostTensor =>
    floats([rows], Array.from(intervals.keys(), of));
  const feeds: Record<string, HostTensor> = { "walk.begun": each((n) => Number(walks[n])) };
  for (let j = 0; j < steps - 1; j++) {
    const at = steps - j;
    const [from, to] = intervalLevels(at, { ...grid, substeps: 1 });
    const [keep, gain] = carryFactors(from!, to!.alpha, to!.sigma);
    Object.assign(feeds, levelFeeds(stepName(j), new Array(rows).fill(from)), {
      [`${stepName(j)}.keep`]: each(() => keep),
      [`${stepName(j)}.gain`]: each(() => gain),
      [`${stepName(j)}.taken`]: each((n) => Number(walks[n] && at > intervals[n]!)),
    });
  }
  return feeds;
}
