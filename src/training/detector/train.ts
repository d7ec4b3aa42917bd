// Training the detector: the project's step, loop and checkpoints on labelled scenes.

import { mkdir } from "node:fs/promises";
import { Generator } from "../../core/generator.js";
import type { HostTensor } from "../../core/tensor.js";
import type { Runtime } from "../../engine/runtime/session.js";
import { Graph } from "../../engine/graph.js";
import { InputWeights } from "../../nn/input-weights.js";
import { initialise } from "../../nn/init.js";
import { Packing } from "../../nn/packed-weights.js";
import { loadLatestCheckpoint } from "../checkpoint.js";
import { runLoop } from "../loop.js";
import type { LoopReport } from "../loop.js";
import { warmupCosine } from "../schedule.js";
import { trainingStep } from "../step.js";
import { Trainer, initialState } from "../trainer.js";
import { batchOf } from "./batches.js";
import type { BatchSource } from "./batches.js";
import { PICTURE_SIDE } from "./layout.js";
import { detectorLoss } from "./loss.js";
import type { DetectorNetwork } from "./loss.js";

export interface DetectorTraining {
  readonly runtime: Runtime;
  readonly network: DetectorNetwork;
  readonly source: BatchSource;
  readonly steps: number;
  /** Highest learning rate. */
  readonly peak: number;
  /** Folder of the run: checkpoints and stats.jsonl. */
  readonly folder: string;
  /** Says what the checkpoints belong to. */
  readonly digest: string;
  /** Where training starts when the run has no checkpoint; random weights when absent. */
  readonly start?: ReadonlyMap<string, HostTensor>;
  readonly threads?: number;
  readonly onReport?: (report: LoopReport) => void;
  readonly signal?: AbortSignal;
}

/** Decay of the average of weights that is shipped. */
const AVERAGE_DECAY = 0.998;
const WEIGHT_DECAY = 0.02;
const INITIAL_SEED = 7n;

/** How the detector's weights lie in one vector. */
export function detectorPacking(network: DetectorNetwork): Packing {
  const weights = new InputWeights(new Graph());
  const shape = [1, PICTURE_SIDE, PICTURE_SIDE, 3];
  network(weights, weights.graph.input("pictures", "float32", shape));
  return new Packing(weights.specs);
}

/**
 * Trains until `steps` or the signal, going on where the folder's newest checkpoint ends.
 *
 * @returns the averaged weights by name, and whether all steps are done
 */
export async function trainDetector(
  training: DetectorTraining,
): Promise<{ weights: Map<string, HostTensor<"float32">>; finished: boolean }> {
  const { network, source, steps, folder, digest, threads, onReport, signal } = training;
  const packing = detectorPacking(network);
  const graph = trainingStep(packing, detectorLoss(network, source.batch), {
    weightDecay: WEIGHT_DECAY,
  });
  const session = await training.runtime.compile(graph, threads === undefined ? {} : { threads });
  try {
    await mkdir(folder, { recursive: true });
    const known = await loadLatestCheckpoint(folder, digest, packing.size);
    const start = training.start ?? initialise(packing.specs, new Generator(INITIAL_SEED));
    const warmup = Math.min(200, Math.ceil(steps / 10));
    const learningRate = warmupCosine({ peak: training.peak, warmup, steps, floor: 1e-5 });
    const trainer = new Trainer(
      session,
      known?.state ?? initialState(packing.pack(start)),
      { learningRate, emaDecay: AVERAGE_DECAY },
      known?.completed ?? 0,
    );
    const finished = await runLoop({
      trainer,
      steps,
      folder,
      digest,
      batchSize: source.batch,
      batchOf: async (k) => batchOf(source, k),
      ...(onReport ? { onReport } : {}),
      ...(signal ? { signal } : {}),
    });
    return { weights: packing.unpack(trainer.state.average.data), finished };
  } finally {
    await session.release();
  }
}
