// Trains the latent network on what the encoder makes of a data set.

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { FollowspotError } from "../../core/errors.js";
import type { HostTensor } from "../../core/tensor.js";
import { pickRows } from "../../guidance/rows.js";
import { openDataset } from "../../io/dataset/index.js";
import type { PictureDataset } from "../../io/dataset/index.js";
import { initialise } from "../../nn/init.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { Packing } from "../../nn/packed-weights.js";
import { ShuffledOrder, streamOf } from "../../training/data/streams.js";
import { documentDigest, weightsDigest } from "../../training/digest.js";
import { fit, sheetDue } from "../../training/fit.js";
import type { Fit, TrainOptions } from "../../training/fit.js";
import { warmupCosine } from "../../training/schedule.js";
import { keepFacts } from "../../training/teacher/data.js";
import { noClassOf } from "../../training/teacher/index.js";
import type { Trainer } from "../../training/trainer.js";
import {
  latentFeeds,
  latentLoss,
  latentSchedule,
  latentStatistics,
  normalised,
} from "../latent.js";
import { readSemantic } from "../semantic-run/export.js";
import type { SemanticStudent } from "../semantic-run/export.js";
import { latentDigest, mlpOf } from "./config.js";
import type { LatentConfig } from "./config.js";
import { keptLatents } from "./encode.js";
import { drawLatentSheet } from "./sheet.js";
import { keepStatistics } from "./statistics.js";

/** The pictures whose latents are learned, as the encoder takes them. Throws as `openDataset`. */
export function openLatentData(
  { data: { path, split, fit: how, filter } }: LatentConfig,
  { encoder: { config } }: SemanticStudent,
  signal?: AbortSignal,
): Promise<PictureDataset> {
  return openDataset(path, {
    ...{ size: config.sample_size, channels: config.in_channels as 1 | 3, split },
    ...(how === undefined ? {} : { fit: how }),
    ...(filter === undefined ? {} : { filter }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * The parent of a configuration.
 *
 * @throws FollowspotError when its folder is missing or damaged, its latents told the teacher's answers, or it has classes
 */
async function readLatentParent({ parent }: LatentConfig): Promise<SemanticStudent> {
  const made = await readSemantic(parent);
  if (made.source === "target") {
    throw new FollowspotError(
      "distil: parent: expected a predictor that was told the data (source data), got one that was told the teacher's " +
        "answers (source target).",
      {
        remedy:
          "Such an answer follows from the picture's own noise, and a latent that is drawn without that noise tells " +
          "of another picture. Train encoder and predictor with source data.",
      },
    );
  }
  const classes = noClassOf(made.student.unet);
  if (classes === undefined) return made;
  throw new FollowspotError(
    `distil: parent: expected a model without classes, got one of ${classes}.`,
    {
      remedy:
        "A latent network knows no classes, and would tell what one shows of a picture of another. Tell pictures of " +
        "the class instead: followspot sample --like.",
    },
  );
}

/** Checks that the parent is there, and the data set if it is. Throws FollowspotError when not. */
export async function checkLatent(config: LatentConfig): Promise<void> {
  const parent = await readLatentParent(config);
  if (existsSync(config.data.path)) await (await openLatentData(config, parent)).close();
}

/** Digest of the parent's three networks. Throws FollowspotError when its folder is missing or damaged. */
export async function latentParentDigest(config: LatentConfig): Promise<string> {
  const { student, encoder, predictor } = await readLatentParent(config);
  const parts = [encoder, predictor].map(({ weights }) => weightsDigest(weights));
  return documentDigest([student.digest, ...parts]);
}

/** The packing of the latent network. */
export function latentPacking(config: LatentConfig, parent: SemanticStudent): Packing {
  const loss = latentLoss(mlpOf(config, parent), 1);
  return new Packing(collectSpecs((weights) => void loss(weights, weights.graph)));
}

/**
 * Trains until the configured steps are done or the signal comes.
 *
 * @throws FollowspotError when the parent has classes or was told its teacher's answers, when it, the data set or a
 *   checkpoint does not fit, or a loss is no number
 */
export async function trainLatent(
  config: LatentConfig,
  options: TrainOptions,
): Promise<{ trainer: Trainer; packing: Packing; done: boolean }> {
  const { folder } = options;
  await mkdir(folder, { recursive: true });
  const parent = await readLatentParent(config);
  const latents = await latentsOf(config, parent, options);
  const statistics = latentStatistics(latents);
  await keepStatistics(folder, statistics);
  const unit = normalised(latents, statistics);
  const packing = latentPacking(config, parent);
  const { batch, seed, steps } = config;
  const order = new ShuffledOrder(unit.shape[0]!, batch, seed);
  const schedule = latentSchedule();
  const task: Fit = {
    ...{ packing, steps, batchSize: batch, digest: latentDigest(config) },
    loss: latentLoss(mlpOf(config, parent), batch),
    optimiser: { weightDecay: config.weight_decay, clipNorm: config.clip_norm },
    learningRate: warmupCosine({ ...config.learning_rate, steps }),
    emaDecay: config.ema.decay,
    start: () => initialise(packing.specs, streamOf(seed, 0)),
    batchOf: (k) =>
      Promise.resolve(latentFeeds(pickRows(unit, order.at(k)), schedule, streamOf(seed, 1, k))),
    afterStep: async (k, { state }) => {
      if (!sheetDue(k, steps, config, options)) return;
      const network = {
        config: mlpOf(config, parent),
        weights: packing.unpack(state.average.data),
      };
      await drawLatentSheet(k, parent, { ...network, statistics }, config.draw, options);
    },
  };
  return { packing, ...(await fit(task, options)) };
}

async function latentsOf(
  config: LatentConfig,
  parent: SemanticStudent,
  options: TrainOptions,
): Promise<HostTensor<"float32">> {
  options.onStage?.("opening the pictures");
  const data = await openLatentData(config, parent, options.signal);
  try {
    await keepFacts(options.folder, data);
    const digest = documentDigest([data.digest, weightsDigest(parent.encoder.weights)]);
    return await keptLatents(parent, data, options, digest);
  } finally {
    await data.close();
  }
}
