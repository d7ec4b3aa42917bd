// Trains an autoencoder on squares cut out of rendered scenes.

import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeFileAtomic } from "../../io/atomic.js";
import { contactSheet } from "../../io/contact-sheet.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { initialise } from "../../nn/init.js";
import { Packing } from "../../nn/packed-weights.js";
import { streamOf } from "../data/streams.js";
import { preparePool } from "../data/prepare.js";
import { fit, sheetDue } from "../fit.js";
import type { TrainOptions } from "../fit.js";
import { warmupCosine } from "../schedule.js";
import type { Trainer } from "../trainer.js";
import { AutoencoderBatches } from "./batches.js";
import { autoencoderDigest } from "./config.js";
import type { AutoencoderConfig } from "./config.js";
import { evaluateAutoencoder, heldOutPictures } from "./evaluate.js";
import { autoencoderLoss } from "./loss.js";

const SHEET_PICTURES = 12;
const SHEET_COLUMNS = 6; // three pairs of a picture and what came back

/** The packing of all weights that a configuration trains. */
export function autoencoderPacking(config: AutoencoderConfig): Packing {
  const loss = autoencoderLoss(config, 1);
  return new Packing(collectSpecs((weights) => void loss(weights, weights.graph)));
}

/**
 * Trains until the configured steps are done or the signal comes.
 *
 * @returns the trainer, how its vectors are packed, and whether all steps are done
 * @throws FollowspotError when the newest checkpoint does not fit, or a loss is no number; the signal's
 *   reason when it comes before the first step
 */
export async function trainAutoencoder(
  config: AutoencoderConfig,
  options: TrainOptions,
): Promise<{ trainer: Trainer; packing: Packing; done: boolean }> {
  await mkdir(options.folder, { recursive: true });
  const pool = await preparePool(config, options);
  try {
    const packing = autoencoderPacking(config);
    const batches = new AutoencoderBatches(pool, config);
    const { batch, steps } = config;
    const task = {
      ...{ packing, steps, batchSize: batch, digest: autoencoderDigest(config) },
      loss: autoencoderLoss(config, batch),
      optimiser: { weightDecay: config.weight_decay, beta2: config.beta2 },
      learningRate: warmupCosine({ ...config.learning_rate, steps }),
      emaDecay: config.ema_decay,
      start: () => initialise(packing.specs, streamOf(config.seed, 0)),
      batchOf: (k: number) => batches.at(k),
      afterStep: async (k: number, trainer: Trainer) => {
        if (!sheetDue(k, steps, config, options)) return;
        await drawPairs(k, config, { packing, trainer }, options);
      },
    };
    return { packing, ...(await fit(task, options)) };
  } finally {
    await pool.close();
  }
}

/** Puts held-out scenes, each beside what came back of it, into the run's folder. */
async function drawPairs(
  step: number,
  config: AutoencoderConfig,
  { packing, trainer }: { readonly packing: Packing; readonly trainer: Trainer },
  { runtime, folder, onSheet }: TrainOptions,
): Promise<void> {
  const { size, seed } = config;
  const weights = packing.unpack(trainer.state.average.data);
  const pictures = await heldOutPictures(size, SHEET_PICTURES, seed);
  const autoencoder = { config: config.autoencoder, weights };
  const { psnr, decoded } = await evaluateAutoencoder(autoencoder, pictures, size, runtime);
  const pairs = pictures.flatMap((picture, i) => [picture, decoded[i]!]);
  const sheet = pairs.map((data) => ({ width: size, height: size, data }));
  const path = join(folder, `samples-${String(step).padStart(8, "0")}.png`);
  await writeFileAtomic(path, await contactSheet(sheet, SHEET_COLUMNS));
  const remark = `samples at step ${step}: ${basename(path)}, ${psnr.toFixed(2)} dB`;
  onSheet?.(path, remark);
}
