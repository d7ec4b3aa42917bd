// Trains a text encoder on rendered pairs, and writes it as the text_encoder folder of a pipeline.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFolderAtomic } from "../../io/atomic-folder.js";
import { writeJson } from "../../io/json.js";
import { writeSafetensors } from "../../io/safetensors.js";
import { loadTokenizer } from "../../models/tokenizer/folder.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { initialise } from "../../nn/init.js";
import { Packing } from "../../nn/packed-weights.js";
import { readAutoencoder } from "../autoencoder/folder.js";
import { streamOf } from "../data/streams.js";
import { fit } from "../fit.js";
import type { TrainOptions } from "../fit.js";
import { halvesUnder } from "../half.js";
import { shippedPath } from "../run/shipped.js";
import { warmupCosine } from "../schedule.js";
import { prepareLatents } from "../text-to-image/data.js";
import { textEncoderConfig } from "../text-to-image/pipeline-config.js";
import type { Trained } from "../trained.js";
import type { Trainer } from "../trainer.js";
import { contrastiveBatches } from "./batches.js";
import { contrastiveDigest } from "./config.js";
import type { ContrastiveConfig } from "./config.js";
import { contrastiveLoss } from "./loss.js";

/**
 * Trains until the configured steps are done or the signal comes.
 *
 * @returns the trainer, how its vectors are packed, and whether all steps are done
 * @throws FollowspotError when a part or the newest checkpoint does not fit, or a loss is no number
 */
export async function trainContrastive(
  config: ContrastiveConfig,
  options: TrainOptions,
): Promise<{ trainer: Trainer; packing: Packing; done: boolean }> {
  const { batch, steps, seed, wrong_captions: wrongCaptions } = config;
  const autoencoder = await readAutoencoder(config.autoencoder);
  const tokenizer = await loadTokenizer(shippedPath(config.tokenizer));
  await mkdir(options.folder, { recursive: true });
  const data = await prepareLatents(config, autoencoder, options);
  const [, latentSize, , latentChannels] = data.latents.shape as [number, number, number, number];
  const shape = { batch, latentSize, latentChannels, tokens: tokenizer.maxLength, wrongCaptions };
  const loss = contrastiveLoss(config.text_encoder, shape);
  const packing = new Packing(collectSpecs((weights) => void loss(weights, weights.graph)));
  const { scaling_factor: scalingFactor } = autoencoder.config;
  const batchOf = contrastiveBatches(data, tokenizer, {
    batch,
    seed,
    scalingFactor,
    wrongCaptions,
  });
  const task = {
    ...{ packing, steps, batchSize: batch, digest: contrastiveDigest(config), loss },
    optimiser: { weightDecay: config.weight_decay },
    learningRate: warmupCosine({ ...config.learning_rate, steps }),
    emaDecay: config.ema_decay,
    start: () => initialise(packing.specs, streamOf(seed, 0)),
    batchOf: (k: number) => Promise.resolve(batchOf(k)),
  };
  return { packing, ...(await fit(task, options)) };
}

/** Writes the text encoder's folder, whole or not at all: config.json and float16 weights. */
export async function exportTextEncoder(
  config: ContrastiveConfig,
  trained: Trained,
  folder: string,
): Promise<void> {
  const tokenizer = await loadTokenizer(shippedPath(config.tokenizer));
  const weights = halvesUnder("text_encoder.", trained.packing.unpack(trained.average.data));
  await writeFolderAtomic(folder, async (target) => {
    await writeJson(join(target, "config.json"), textEncoderConfig(config, tokenizer));
    await writeSafetensors(join(target, "model.safetensors"), weights, {
      format: "pt",
      step: String(trained.step),
      config: contrastiveDigest(config),
    });
  });
}
