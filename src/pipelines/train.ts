// Training as the command line asks for it: a run in its own folder, resumable, with the model at its end.

import { join } from "node:path";
import { timeLimited } from "../core/time-limit.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import { withThreads } from "../training/run/threads.js";
import { changedPictures } from "../training/teacher/data.js";
import type { Reporter } from "./draw-request.js";
import { TrainProgress } from "./train-progress.js";
import type { ResolvedTraining, TrainRequest, TrainResult } from "./train-request.js";
import {
  checkedParents,
  completedSteps,
  missingPictures,
  openRun,
  resolveRun,
} from "./train-run.js";
import type { OpenedRun } from "./train-run.js";

/** Folder of the trained model in the run's folder. */
const MODEL = "model";
/** The longest time that a timer takes, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** As TrainService.resolveTraining. */
export async function resolveTraining(request: TrainRequest): Promise<ResolvedTraining> {
  const { task, remarks } = await resolveRun(request);
  const missing = missingPictures(task.config);
  return {
    config: task.config,
    remarks: missing === undefined ? remarks : [...remarks, `warning: ${missing}`],
  };
}

/** As TrainService.train. */
export async function train(
  request: TrainRequest,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<TrainResult> {
  const run = await openRun(request);
  try {
    return await trainIn(run, reporter, limited(signal, request.minutes));
  } finally {
    await run.release();
  }
}

async function trainIn(
  run: OpenedRun,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<TrainResult> {
  const progress = new TrainProgress(run.folder, reporter, run.task);
  progress.tell(`run: ${run.folder}`);
  run.remarks.forEach((remark) => progress.tell(remark));
  try {
    return await runTask(run, progress, signal);
  } catch (error) {
    const line = `stopped: ${error instanceof Error ? error.message : String(error)}`;
    // The command tells of an interrupt alone where there was one.
    if (signal.aborted) progress.tell(line);
    else progress.log(line);
    throw error;
  }
}

function limited(signal: AbortSignal, minutes: number | undefined): AbortSignal {
  const milliseconds = (minutes ?? Infinity) * 60_000;
  if (milliseconds > LONGEST) return signal;
  return timeLimited(signal, Math.ceil(milliseconds));
}

async function runTask(
  { folder, task, facts }: OpenedRun,
  progress: TrainProgress,
  signal: AbortSignal,
): Promise<TrainResult> {
  const runtime = withThreads(nodeRuntime(), facts.threads);
  const { onWarning, onStage, onProgress, onStep, onReport, onSheet } = progress;
  const onStart = async (completed: number): Promise<void> => {
    // By now the run's pictures have been compared with those that it began with.
    const changed = await changedPictures(folder);
    if (changed !== undefined) onWarning(changed);
    progress.onStart(completed);
  };
  const hooks = { onWarning, onStage, onProgress, onStart, onStep, onReport, onSheet };
  const options = { runtime, folder, signal, sheets: true, accept: facts.digests, ...hooks };
  const result = await task.train(options).catch((error: unknown) => {
    // Interrupted before the first step: what was prepared stays in the folder.
    if (signal.aborted && error === signal.reason) return undefined;
    throw error;
  });
  const steps = await completedSteps(task, folder);
  if (!result?.done) {
    progress.tell(
      `stopped at step ${steps} of ${task.steps}; go on: followspot train --resume ${folder}`,
    );
    return { folder, steps, unfinished: true };
  }
  // Folders of parents are read once more, for what the model says of them.
  await checkedParents({ task, facts });
  const { packing, trainer } = result;
  const model = join(folder, MODEL);
  const trained = { packing, average: trainer.state.average, step: trainer.completed };
  const remarks = await task.export(trained, model, runtime);
  [...remarks, `model: ${model}`].forEach((remark) => progress.tell(remark));
  return { folder, steps, unfinished: false, model };
}
