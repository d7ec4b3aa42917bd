// Fitting weights to a loss: the step compiled, the newest checkpoint taken up, the loop run, all freed.

import type { HostTensor } from "../core/tensor.js";
import type { Runtime } from "../engine/runtime/session.js";
import type { Packing } from "../nn/packed-weights.js";
import { loadLatestCheckpoint, removeUnfinished } from "./checkpoint.js";
import { runLoop } from "./loop.js";
import { spared } from "./loop-failures.js";
import type { LoopOptions, LoopReport } from "./loop.js";
import type { OptimiserOptions } from "./optimiser.js";
import { trainingStep } from "./step.js";
import type { LossBuilder } from "./step.js";
import { Trainer, initialState } from "./trainer.js";
import type { StepReport } from "./trainer.js";

/** What whoever starts a training run can say and be told; the same for every kind of model. */
export interface TrainOptions {
  /** Where graphs run. Runs are bit-identical at one number of threads. */
  readonly runtime: Runtime;
  /** The run's folder; checkpoints in it are gone on from. */
  readonly folder: string;
  /** Digests of further configurations whose checkpoints may be gone on from. */
  readonly accept?: readonly string[] | undefined;
  /** Seconds between checkpoints; 180 when absent. */
  readonly saveSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether sample sheets are drawn into the folder; false when absent. */
  readonly sheets?: boolean | undefined;
  /** Told in words of what a person should know: what fails without ending the run. */
  readonly onWarning?: ((warning: string) => void) | undefined;
  /** Told in words what begins. */
  readonly onStage?: ((label: string) => void) | undefined;
  /** Told how far a stage before the training is. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Told once, when the first step is about to be taken, how many were taken before. */
  readonly onStart?: ((completed: number) => void | Promise<void>) | undefined;
  readonly onStep?: ((k: number, report: StepReport) => void) | undefined;
  readonly onReport?: ((report: LoopReport, trainer: Trainer) => void | Promise<void>) | undefined;
  /** Told of every sample sheet, and in words of what was measured on it. */
  readonly onSheet?: ((path: string, remark: string) => void) | undefined;
}

/** Whether a sample sheet is to be drawn after step `k`: every `sample_every` steps, and after the last. */
export function sheetDue(
  k: number,
  steps: number,
  { sample_every: every }: { readonly sample_every: number },
  { sheets = false }: Pick<TrainOptions, "sheets">,
): boolean {
  return sheets && (k % every === 0 || k === steps);
}

/** What is fitted to what. */
export interface Fit extends Pick<LoopOptions, "steps" | "batchSize" | "batchOf" | "digest"> {
  readonly packing: Packing;
  readonly loss: LossBuilder;
  readonly optimiser: OptimiserOptions;
  /** Learning rate at step `k`, counted from 1. */
  readonly learningRate: (k: number) => number;
  readonly emaDecay: number;
  /** Weights to begin with when there is no checkpoint. */
  readonly start: () => ReadonlyMap<string, HostTensor> | Promise<ReadonlyMap<string, HostTensor>>;
  /** Called after every step, to show what was learned; its first failure is told, and training goes on. */
  readonly afterStep?: (k: number, trainer: Trainer) => void | Promise<void>;
}

/**
 * Trains until the steps are done or the signal comes; the folder must exist.
 *
 * @returns the trainer, and whether all steps are done
 * @throws FollowspotError when the newest checkpoint does not fit, a step is not finite, or the last checkpoint cannot
 *   be written
 */
export async function fit(
  { packing, steps, batchSize, batchOf, digest, ...fit }: Fit,
  options: TrainOptions,
): Promise<{ trainer: Trainer; done: boolean }> {
  const { runtime, folder, signal, saveSeconds, onWarning, onStage, onReport, onStep } = options;
  await removeUnfinished(folder);
  const digests = [digest, ...(options.accept ?? [])];
  const resumed = await loadLatestCheckpoint(folder, digests, packing.size);
  onStage?.("building the training step");
  const graph = trainingStep(packing, fit.loss, fit.optimiser);
  const session = await runtime.compile(graph, { spinning: true });
  try {
    const { learningRate, emaDecay, optimiser } = fit;
    const { beta1, beta2 } = optimiser;
    const trainer = new Trainer(
      session,
      resumed?.state ?? initialState(packing.pack(await fit.start())),
      { learningRate, emaDecay, beta1, beta2, packing },
      resumed?.completed ?? 0,
    );
    onStage?.(resumed ? `resuming at step ${resumed.completed}` : "training");
    await options.onStart?.(trainer.completed);
    const shown = spared("sample sheet", onWarning, signal);
    const done = await runLoop({
      ...{ trainer, steps, batchSize, batchOf, folder, digest, signal, saveSeconds, onWarning },
      onReport: (report) => onReport?.(report, trainer),
      onStep: async (k, report) => {
        onStep?.(k, report);
        await shown(() => fit.afterStep?.(k, trainer));
      },
    });
    return { trainer, done };
  } finally {
    await session.release();
  }
}
