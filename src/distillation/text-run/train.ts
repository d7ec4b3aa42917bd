// Trains a text-to-image student: scenes, latents, then the distillation of one teacher in one round.

import { mkdir } from "node:fs/promises";
import type { HostTensor } from "../../core/tensor.js";
import type { Packing } from "../../nn/packed-weights.js";
import { factorOf } from "../../training/autoencoder/folder.js";
import { fit, sheetDue } from "../../training/fit.js";
import type { Fit, TrainOptions } from "../../training/fit.js";
import { optimiserNamed } from "../../training/optimiser.js";
import { warmupCosine } from "../../training/schedule.js";
import { readTrained, startingWeights } from "../../training/text-to-image/start.js";
import { prepareLatents } from "../../training/text-to-image/data.js";
import type { Trainer } from "../../training/trainer.js";
import { TextStudentBatches } from "./batches.js";
import { lastingDigest } from "../../training/digest.js";
import type { TextStudentConfig } from "./config.js";
import { textStudentLoss, textStudentPacking } from "./loss.js";
import { readTextParent } from "./parent.js";
import type { TextParent } from "./parent.js";
import { drawTextSheet } from "./sheet.js";

/**
 * Trains until the steps are done or the signal comes.
 *
 * @returns the trainer, how its vectors are packed, and whether all steps are done
 * @throws FollowspotError when the parent or a checkpoint does not fit, or a loss is no number
 */
export async function trainTextStudent(
  config: TextStudentConfig,
  options: TrainOptions,
): Promise<{ trainer: Trainer; packing: Packing; done: boolean }> {
  await mkdir(options.folder, { recursive: true });
  const parent = await readTextParent(config);
  const { autoencoder, latentSize } = parent;
  const size = latentSize * factorOf(autoencoder.config);
  const data = await prepareLatents({ size, scenes: config.scenes }, autoencoder, options);
  const packing = textStudentPacking(parent);
  const batches = new TextStudentBatches(data, parent, config);
  const { batch, steps } = config;
  const task: Fit = {
    ...{ packing, steps, batchSize: batch, digest: lastingDigest(config) },
    loss: textStudentLoss(parent, config, packing),
    optimiser: optimiserNamed(config.optimiser, {
      weightDecay: config.weight_decay,
      clipNorm: config.clip_norm,
    }),
    learningRate: warmupCosine({ ...config.learning_rate, steps }),
    emaDecay: config.ema_decay,
    start: () => startOf(config, parent),
    batchOf: (k) => Promise.resolve(batches.at(k)),
    afterStep: async (k, { state }) => {
      if (!sheetDue(k, steps, config, options)) return;
      await drawTextSheet(k, { parent, config, packing, average: state.average }, options);
    },
  };
  return { packing, ...(await fit(task, options)) };
}

/** What training begins with, by the names of a student's weights: the parent's network, or a student's of the same form. */
async function startOf(
  { start_from: folder }: TextStudentConfig,
  { weights }: TextParent,
): Promise<ReadonlyMap<string, HostTensor>> {
  const own = new Map([...weights].map(([name, value]) => [`unet.${name}`, value] as const));
  return folder === null ? own : startingWeights(own, await readTrained(folder));
}
