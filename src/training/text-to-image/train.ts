// Trains a text-to-image model on rendered scenes: scenes, latents, then the denoising loss.

import { mkdir } from "node:fs/promises";
import type { HostTensor } from "../../core/tensor.js";
import { schedulerConfig } from "../../diffusion/scheduler-config.js";
import { makeSchedule } from "../../diffusion/schedule.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { initialise } from "../../nn/init.js";
import { Packing } from "../../nn/packed-weights.js";
import { streamOf } from "../data/streams.js";
import { lastingDigest } from "../digest.js";
import { fit, sheetDue } from "../fit.js";
import type { TrainOptions } from "../fit.js";
import { optimiserNamed } from "../optimiser.js";
import { warmupCosine } from "../schedule.js";
import type { Trainer } from "../trainer.js";
import { TextToImageBatches } from "./batches.js";
import type { TextToImageConfig } from "./config.js";
import { prepareLatents } from "./data.js";
import { textToImageLoss } from "./loss.js";
import { readParts } from "./parts.js";
import type { Parts } from "./parts.js";
import { drawSheet } from "./sheet.js";
import { readTrained, startingWeights } from "./start.js";

export { readAutoencoder } from "../autoencoder/folder.js";
export type { TrainOptions } from "../fit.js";

/** The packing of all weights that a configuration trains, `unet.…` and, unless it is kept, `text_encoder.…`. */
export function packingOf(
  config: TextToImageConfig,
  { latentSize, tokens, text }: { latentSize: number; tokens: number; text: Parts["text"] },
): Packing {
  const shape = { batch: 1, latentSize, tokens };
  const loss = textToImageLoss(config.unet, config.text_encoder, shape, text);
  return new Packing(collectSpecs((weights) => void loss(weights, weights.graph)));
}

/** Fresh weights, and in their place those of the model to start from, where one is named and has them. */
async function firstWeights(
  config: TextToImageConfig,
  packing: Packing,
): Promise<ReadonlyMap<string, HostTensor>> {
  const fresh = initialise(packing.specs, streamOf(config.seed, 0));
  return config.start_from ? startingWeights(fresh, await readTrained(config.start_from)) : fresh;
}

/**
 * Trains until the configured steps are done or the signal comes.
 *
 * @returns the trainer, how its vectors are packed, and whether all steps are done
 * @throws FollowspotError when the parts do not fit each other, the newest checkpoint does not fit, or a
 *   loss is no number; the signal's reason when it comes before the first step
 */
export async function trainTextToImage(
  config: TextToImageConfig,
  options: TrainOptions,
): Promise<{ trainer: Trainer; packing: Packing; done: boolean }> {
  const { autoencoder, tokenizer, text } = await readParts(config);
  await mkdir(options.folder, { recursive: true });
  const data = await prepareLatents(config, autoencoder, options);
  const schedule = makeSchedule(schedulerConfig(config.scheduler));
  const latentSize = data.latents.shape[1]!;
  const packing = packingOf(config, { latentSize, tokens: tokenizer.maxLength, text });
  const batches = new TextToImageBatches(data, tokenizer, schedule, {
    batch: config.batch,
    seed: config.seed,
    scalingFactor: autoencoder.config.scaling_factor,
    captionDropout: config.caption_dropout,
    trailingDropout: config.trailing_dropout,
    wordDropout: config.word_dropout,
    timesteps: config.timesteps,
  });
  const { batch, steps } = config;
  const shape = { batch, latentSize, tokens: tokenizer.maxLength };
  const parts = { tokenizer, schedule, autoencoder, packing, text };
  const task = {
    ...{ packing, steps, batchSize: batch, digest: lastingDigest(config) },
    loss: textToImageLoss(config.unet, config.text_encoder, shape, text),
    optimiser: optimiserNamed(config.optimiser, { weightDecay: config.weight_decay }),
    learningRate: warmupCosine({ ...config.learning_rate, steps }),
    emaDecay: config.ema_decay,
    start: () => firstWeights(config, packing),
    batchOf: (k: number) => Promise.resolve(batches.at(k)),
    afterStep: async (k: number, { state }: Trainer) => {
      if (!sheetDue(k, steps, config, options)) return;
      await drawSheet(k, config, { ...parts, average: state.average }, options);
    },
  };
  return { packing, ...(await fit(task, options)) };
}
