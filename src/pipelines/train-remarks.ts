// What a person should know of a run before it trains, beside what is refused.

import { z } from "zod";
import type { TrainingTask } from "../training/kinds.js";

const withWarmup = z.object({
  learning_rate: z.object({ warmup: z.number(), peak: z.number() }),
});

/**
 * The task's own remarks, and one on a learning rate that never falls; a line each.
 *
 * @throws FollowspotError when a model that the task names is missing or damaged
 */
export async function remarksOn(task: TrainingTask): Promise<string[]> {
  return [...((await task.remarks?.()) ?? []), ...warmupRemarks(task)];
}

/** Each round's rate rises and falls anew. */
function warmupRemarks({
  config,
  steps,
  shortestRound,
}: Pick<TrainingTask, "config" | "steps" | "shortestRound">): string[] {
  const { success, data } = withWarmup.safeParse(config);
  const updates = shortestRound ?? steps;
  if (!success || data.learning_rate.warmup < updates) return [];
  const { warmup, peak } = data.learning_rate;
  const end = Number(((peak * updates) / warmup).toPrecision(3));
  return [
    `warning: learning_rate.warmup: ${warmup} updates in a ${shortestRound === undefined ? "run" : "round"} of ` +
      `${updates}: the rate only rises, to ${end} of its peak of ${peak}; set it below ${updates}`,
  ];
}
