// The training loop: steps, checkpoints by the clock, one line of statistics now and then, and a clean stop.

import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tensors } from "../engine/runtime/session.js";
import { saveCheckpoint } from "./checkpoint.js";
import type { StepReport, Trainer } from "./trainer.js";

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
  readonly reportEvery?: number;
  /** Seconds between checkpoints; 180 when absent. */
  readonly saveSeconds?: number;
  /** Called with every line of statistics. */
  readonly onReport?: (report: LoopReport) => void | Promise<void>;
  /** Stops after the step under way; the state is saved. */
  readonly signal?: AbortSignal | undefined;
}

/** Means since the last report. */
export interface LoopReport extends StepReport {
  readonly step: number;
  /** Since the loop began in this process. */
  readonly seconds: number;
  readonly picturesPerSecond: number;
}

/** Trains until `steps` or the signal, and saves. Returns whether all steps are done. */
export async function runLoop(options: LoopOptions): Promise<boolean> {
  const { trainer, steps, batchOf, folder, digest, signal } = options;
  const { reportEvery = 50, saveSeconds = 180 } = options;
  const statistics = new Statistics(options.batchSize);
  let saved = performance.now();
  const save = async (): Promise<void> => {
    await saveCheckpoint(folder, trainer, digest);
    saved = performance.now();
  };
  let next = trainer.completed < steps ? batchOf(trainer.completed + 1) : undefined;
  while (trainer.completed < steps && !signal?.aborted) {
    const batch = await next!;
    const k = trainer.completed + 1;
    // The next batch is decoded while this step runs.
    next = k < steps ? batchOf(k + 1) : undefined;
    next?.catch(() => undefined);
    statistics.add(await trainer.step(batch));
    if (k % reportEvery === 0 || k === steps) {
      const report = statistics.take(k);
      await appendFile(join(folder, "stats.jsonl"), `${JSON.stringify(report)}\n`);
      await options.onReport?.(report);
    }
    if (performance.now() - saved > saveSeconds * 1000) await save();
  }
  await save();
  return trainer.completed >= steps;
}

/** Running means of what the steps report. */
class Statistics {
  private readonly began = performance.now();
  private since = performance.now();
  private sums = new Map<string, number>();
  private count = 0;

  constructor(private readonly batchSize: number) {}

  add(report: StepReport): void {
    for (const [name, value] of Object.entries(report)) {
      this.sums.set(name, (this.sums.get(name) ?? 0) + value);
    }
    this.count++;
  }

  take(step: number): LoopReport {
    const now = performance.now();
    const means = [...this.sums].map(([name, total]) => [name, total / this.count] as const);
    const picturesPerSecond = (this.count * this.batchSize * 1000) / (now - this.since);
    this.sums = new Map();
    this.count = 0;
    this.since = now;
    const seconds = (now - this.began) / 1000;
    return { step, seconds, picturesPerSecond, ...Object.fromEntries(means) };
  }
}
