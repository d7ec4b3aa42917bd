// The training loop: steps, checkpoints by the clock, a line of statistics now and then, and a clean stop.

import type { Tensors } from "../engine/runtime/session.js";
import { saveCheckpoint } from "./checkpoint.js";
import { Statistics, trimStatistics, writeStatistics } from "./statistics.js";
import type { LoopReport } from "./statistics.js";
import type { StepReport, Trainer } from "./trainer.js";

export type { LoopReport } from "./statistics.js";

export interface LoopOptions {
  readonly trainer: Trainer;
  /** Steps to have completed at the end. */
  readonly steps: number;
  /** Pictures a step. */
  readonly batchSize: number;
  /** The batch of step `k`, counted from 1. */
  readonly batchOf: (k: number) => Promise<Tensors>;
  /** The run's folder: checkpoints, stats.jsonl. */
  readonly folder: string;
  /** Identifies the configuration in checkpoints. */
  readonly digest: string;
  /** Steps between lines of statistics; 50 when absent. */
  readonly reportEvery?: number | undefined;
  /** Seconds between checkpoints; 180 when absent. */
  readonly saveSeconds?: number | undefined;
  /** Called after every step. */
  readonly onStep?: ((k: number, report: StepReport) => void | Promise<void>) | undefined;
  /** Called with every line of statistics. */
  readonly onReport?: ((report: LoopReport) => void | Promise<void>) | undefined;
  /** Stops after the step under way; the state is saved. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains until `steps` or the signal, and saves. Returns whether all steps are done.
 *
 * @throws FollowspotError when a loss is no number. Whatever is thrown, the state after the last good
 *   step is saved first.
 */
export async function runLoop(options: LoopOptions): Promise<boolean> {
  const { trainer, folder, digest } = options;
  await trimStatistics(folder, trainer.completed);
  try {
    await runSteps(options);
  } finally {
    await saveCheckpoint(folder, trainer, digest);
  }
  return trainer.completed >= options.steps;
}

async function runSteps(options: LoopOptions): Promise<void> {
  const { trainer, steps, batchOf, folder, digest, signal } = options;
  const { reportEvery = 50, saveSeconds = 180 } = options;
  const statistics = new Statistics(options.batchSize);
  let saved = performance.now();
  let next = trainer.completed < steps ? batchOf(trainer.completed + 1) : undefined;
  while (trainer.completed < steps && !signal?.aborted) {
    const batch = await next!;
    const k = trainer.completed + 1;
    // The next batch is decoded while this step runs.
    next = k < steps ? batchOf(k + 1) : undefined;
    next?.catch(() => undefined);
    const report = await trainer.step(batch);
    statistics.add(report);
    if (k % reportEvery === 0 || k === steps) {
      const means = statistics.take(k);
      await writeStatistics(folder, means);
      await options.onReport?.(means);
    }
    await options.onStep?.(k, report);
    if (performance.now() - saved > saveSeconds * 1000) {
      await saveCheckpoint(folder, trainer, digest);
      saved = performance.now();
    }
  }
}
