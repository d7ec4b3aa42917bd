// Runs that are stopped on the way, or not.

import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { TrainingTask } from "../../src/training/kinds.js";
import { withThreads } from "../../src/training/run/threads.js";

/** Trains in a folder, with sample sheets, until `stop` steps are done, or to the end. */
export async function trainUntil(task: TrainingTask, folder: string, stop = Infinity) {
  const controller = new AbortController();
  const runtime = withThreads(nodeRuntime(), 1);
  const result = await task.train({
    ...{ runtime, folder, signal: controller.signal, sheets: true },
    onStep: (k) => {
      if (k === stop) controller.abort();
    },
  });
  return { task, folder, ...result };
}
