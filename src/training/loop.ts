// The training loop: steps, checkpoints by the clock, a line of statistics now and then, and a clean stop.

import type { Tensors } from "../engine/runtime/session.js";
import { TELL, keepLast, spared, tryToKeep, withRemedy } from "./loop-failures.js";
import { Statistics, trimStatistics, writeStatistics } from "./statistics.js";
import type { LoopReport } from "./statistics.js";
import { NotFinite } from "./trainer-finite.js";
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
  /** Told of what fails without ending the training; a warning of the process when absent. */
  readonly onWarning?: ((warning: string) => void) | undefined;
  /** Stops after the step under way; the state is saved. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains until `steps` or the signal, and saves. Returns whether all steps are done. A checkpoint that cannot be written
 * on the way is told of and tried again; without a line of statistics training goes on.
 *
 * @throws FollowspotError when a step is not finite, or when the last checkpoint cannot be written. Whatever is
 *   thrown, the state after the last good step is saved first.
 */
export async function runLoop(options: LoopOptions): Promise<boolean> {
  const { trainer, folder } = options;
  try {
    await runSteps(options);
  } catch (error) {
    await keepAfter(error, options);
    throw error instanceof NotFinite ? await withRemedy(error, folder) : error;
  }
  await keepLast(options);
  return trainer.completed >= options.steps;
}

/** Saves what can be saved. A failure of that is only told beside an error; an interrupt is none. */
async function keepAfter(error: unknown, options: LoopOptions): Promise<void> {
  const { onWarning: tell = TELL, signal } = options;
  try {
    await keepLast(options);
  } catch (later) {
    if (signal?.aborted && error === signal.reason) throw later;
    if (!(error instanceof NotFinite && later instanceof NotFinite)) {
      tell(`warning: ${later instanceof Error ? later.message : String(later)}`);
    }
  }
}

async function runSteps(options: LoopOptions): Promise<void> {
  const { trainer, steps, batchOf, folder, signal, onWarning } = options;
  const { reportEvery = 50, saveSeconds = 180 } = options;
  const statistics = new Statistics(options.batchSize);
  const beside = spared("statistics", onWarning);
  await beside(() => trimStatistics(folder, trainer.completed));
  let saved = performance.now();
  const ahead = (k: number): Promise<Tensors> | undefined => {
    const batch = k <= steps ? batchOf(k) : undefined;
    // A batch that a stop leaves over may fail unseen.
    batch?.catch(() => undefined);
    return batch;
  };
  let next = ahead(trainer.completed + 1);
  while (trainer.completed < steps && !signal?.aborted) {
    const batch = await next!;
    const k = trainer.completed + 1;
    // The next batch is decoded while this step runs.
    next = ahead(k + 1);
    const report = await trainer.step(batch);
    statistics.add(report);
    if (k % reportEvery === 0 || k === steps) {
      const means = statistics.take(k);
      await beside(() => writeStatistics(folder, means));
      await options.onReport?.(means);
    }
    await options.onStep?.(k, report);
    if (performance.now() - saved > saveSeconds * 1000) {
      await tryToKeep(options, onWarning);
      saved = performance.now();
    }
  }
}
