// Trains a teacher on the pictures of a data set.

import { mkdir } from "node:fs/promises";
import { initialise } from "../../nn/init.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { Packing } from "../../nn/packed-weights.js";
import { streamOf } from "../data/streams.js";
import { fit, sheetDue } from "../fit.js";
import type { Fit, TrainOptions } from "../fit.js";
import { warmupCosine } from "../schedule.js";
import type { Trainer } from "../trainer.js";
import { TeacherBatches } from "./batches.js";
import { sizeOfTeacher, teacherDigest } from "./config.js";
import type { TeacherConfig } from "./config.js";
import { keepFacts, openTeacherData } from "./data.js";
import { teacherLoss } from "./loss.js";
import type { TeacherNetwork } from "./network.js";
import { drawTeacherSheet } from "./sheet.js";

/** The packing of all weights of a network, under their names in the checkpoint. */
export function teacherPacking(network: TeacherNetwork): Packing {
  const loss = teacherLoss(network, { batch: 1, size: sizeOfTeacher(network) });
  return new Packing(collectSpecs((weights) => void loss(weights, weights.graph)));
}

/**
 * Trains until the configured steps are done or the signal comes.
 *
 * @returns the trainer, how its vectors are packed, and whether all steps are done
 * @throws FollowspotError when the data set or the newest checkpoint does not fit, or a loss is no number
 */
export async function trainTeacher(
  config: TeacherConfig,
  options: TrainOptions,
): Promise<{ trainer: Trainer; packing: Packing; done: boolean }> {
  const { folder, signal, onStage } = options;
  await mkdir(folder, { recursive: true });
  onStage?.("opening the pictures");
  const data = await openTeacherData(config, signal);
  try {
    await keepFacts(folder, data);
    const packing = teacherPacking(config);
    const batches = new TeacherBatches(data, config);
    const { batch, steps } = config;
    const task: Fit = {
      ...{ packing, steps, batchSize: batch, digest: teacherDigest(config) },
      loss: teacherLoss(config, { batch, size: sizeOfTeacher(config) }),
      optimiser: { weightDecay: config.weight_decay, clipNorm: config.clip_norm },
      learningRate: warmupCosine({ ...config.learning_rate, steps }),
      emaDecay: config.ema.decay,
      start: () => initialise(packing.specs, streamOf(config.seed, 0)),
      batchOf: (k) => batches.at(k),
      afterStep: async (k, { state }) => {
        if (!sheetDue(k, steps, config, options)) return;
        await drawTeacherSheet(k, config, { packing, average: state.average }, options);
      },
    };
    return { packing, ...(await fit(task, options)) };
  } finally {
    await data.close();
  }
}
