// The kinds of models that are trained from a configuration, behind one interface.

import { FollowspotError } from "../core/errors.js";
import type { Runtime } from "../engine/runtime/session.js";
import type { Packing } from "../nn/packed-weights.js";
import { autoencoderDigest, autoencoderSchema } from "./autoencoder/config.js";
import { exportAutoencoder } from "./autoencoder/export.js";
import { trainAutoencoder } from "./autoencoder/train.js";
import { contrastiveDigest, contrastiveSchema } from "./contrastive/config.js";
import { exportTextEncoder, trainContrastive } from "./contrastive/train.js";
import type { TrainOptions } from "./fit.js";
import { checkDocument } from "./run/checked.js";
import { teacherSchema } from "./teacher/config.js";
import { teacherTask } from "./teacher/task.js";
import { textToImageSchema } from "./text-to-image/config.js";
import { exportTextToImage } from "./text-to-image/export.js";
import { readParts } from "./text-to-image/parts.js";
import { lastingDigest } from "./digest.js";
import { trainTextToImage } from "./text-to-image/train.js";
import type { Trained } from "./trained.js";
import type { Trainer } from "./trainer.js";

/** Digests of weights, by the keys of a configuration that name the folders. */
export type Parents = Readonly<Record<string, string>>;

/** A checked configuration and all that can be done with it. */
export interface TrainingTask {
  /** With every default filled in; checked again, it gives the same. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Identifies what checkpoints depend on. */
  readonly digest: string;
  readonly steps: number;
  /** Updates of its shortest round, where it has rounds: each has a learning rate that rises and falls. */
  readonly shortestRound?: number;
  /** Pictures a step. */
  readonly batch: number;
  /** @throws FollowspotError when what the configuration refers to is missing or does not fit it */
  readonly check: () => Promise<void>;
  /**
   * Digests of the trained networks that it goes on from, by the keys of the configuration that name their folders; none
   * when absent.
   *
   * @throws FollowspotError when one is missing or damaged
   */
  readonly parents?: () => Promise<Parents>;
  /**
   * What a person should know of it before it trains, a line each; nothing when absent.
   *
   * @throws FollowspotError when a model that it names is missing or damaged
   */
  readonly remarks?: () => Promise<readonly string[]>;
  /** Steps that a run's folder holds; those of its newest checkpoint when absent. */
  readonly completedIn?: (folder: string) => Promise<number>;
  readonly train: (
    options: TrainOptions,
  ) => Promise<{ trainer: Trainer; packing: Packing; done: boolean }>;
  /** Writes the trained model's folder; tells what was measured on the way. */
  readonly export: (trained: Trained, folder: string, runtime: Runtime) => Promise<string[]>;
}

function textToImage(json: unknown): TrainingTask {
  const config = checkDocument(textToImageSchema, json);
  return {
    ...{ config, steps: config.steps, batch: config.batch, digest: lastingDigest(config) },
    check: async () => void (await readParts(config)),
    train: (options) => trainTextToImage(config, options),
    export: async (trained, folder) => {
      await exportTextToImage(config, trained, folder);
      return [];
    },
  };
}

function autoencoder(json: unknown): TrainingTask {
  const config = checkDocument(autoencoderSchema, json);
  return {
    ...{ config, steps: config.steps, batch: config.batch, digest: autoencoderDigest(config) },
    check: async () => undefined,
    train: (options) => trainAutoencoder(config, options),
    export: async (trained, folder, runtime) => {
      const score = await exportAutoencoder(config, trained, folder, runtime);
      const { psnr, psnrOfMean, scalingFactor } = score;
      return [
        `${config.held_out} held-out scenes: ${psnr.toFixed(2)} dB on average, ` +
          `${psnrOfMean.toFixed(2)} dB of the mean error; scaling factor ${scalingFactor}`,
      ];
    },
  };
}

function contrastive(json: unknown): TrainingTask {
  const config = checkDocument(contrastiveSchema, json);
  return {
    ...{ config, steps: config.steps, batch: config.batch, digest: contrastiveDigest(config) },
    check: async () => undefined,
    train: (options) => trainContrastive(config, options),
    export: async (trained, folder) => {
      await exportTextEncoder(config, trained, folder);
      return [];
    },
  };
}

const KINDS: Readonly<Record<string, (json: unknown) => TrainingTask>> = {
  "text-to-image": textToImage,
  autoencoder,
  contrastive,
  teacher: (json) => teacherTask(checkDocument(teacherSchema, json)),
};

/**
 * The task that a configuration describes.
 *
 * @param further - kinds of folders below this one
 * @throws FollowspotError naming every field at fault
 */
export function taskOf(
  json: Readonly<Record<string, unknown>>,
  further: typeof KINDS = {},
): TrainingTask {
  const { kind } = json;
  const kinds = { ...KINDS, ...further };
  if (typeof kind === "string" && Object.hasOwn(kinds, kind)) return kinds[kind]!(json);
  const known = Object.keys(kinds).join(", ");
  throw new FollowspotError(`config: kind: expected one of ${known}, got ${JSON.stringify(kind)}.`);
}
