// Pictures whose content a predictor is told, as latents of the model's own encoder, and their classes as the model's.

import { FollowspotError } from "../core/errors.js";
import { floats } from "../core/tensor.js";
import type { Latent } from "../diffusion/denoiser.js";
import { encodePictures } from "../distillation/index.js";
import type { SemanticStudent } from "../distillation/index.js";
import type { Runtime } from "../engine/runtime/session.js";
import { firstOf, openDataset } from "../io/dataset/index.js";
import type { PictureDataset } from "../io/dataset/index.js";
import { noClassOf, placesOf } from "../training/teacher/index.js";
import type { PixelModel } from "./sample-model.js";
import { NOTHING_TOLD } from "./sample-request.js";
import { listed } from "./sample-settings.js";

/** Latents to tell, [M, D]. */
export type ToldLatents = Latent & {
  /** The model's class of each; absent where nothing is told, a class is chosen or the model has none. */
  readonly classes?: readonly number[];
};

/** An opened set of pictures to tell. */
export interface ToldPictures {
  readonly digest: string;
  /** Whether the encoder is asked for the latents. */
  readonly encoded: boolean;
  /** Latents [M, D] of its first pictures, `count` or all that there are; a single one when nothing is told. */
  latents(count: number, runtime: Runtime, signal: AbortSignal): Promise<ToldLatents>;
  close(): Promise<void>;
}

/**
 * Opens pictures at the size of a model's encoder.
 *
 * @param chosen - the class of all that is drawn, whatever those of the pictures are; null when there is none
 * @throws FollowspotError when the model has no encoder, or the pictures no classes or others than it; as openDataset
 */
export async function openTold(
  model: PixelModel,
  path: string,
  signal: AbortSignal,
  chosen: number | null,
): Promise<ToldPictures> {
  const { name, semantic } = model;
  if (!semantic) throw new FollowspotError(`--like: ${name}: expected an encoder, got none.`);
  if (path === NOTHING_TOLD) return nothingTold(semantic);
  const { sample_size: size, in_channels: channels } = semantic.encoder.config;
  const data = await openDataset(path, {
    size,
    channels: channels as 1 | 3,
    split: "test",
    signal,
  });
  try {
    const places = chosen === null ? classesOf(model, path, data.classes) : undefined;
    return {
      ...{ digest: data.digest, encoded: true },
      latents: async (count, runtime, stop) => {
        const { latents, labels } = await encodeFirst(semantic, data, count, runtime, stop);
        return places ? { ...latents, classes: labels.map((label) => places[label]!) } : latents;
      },
      close: () => data.close(),
    };
  } catch (error) {
    await data.close();
    throw error;
  }
}

/** One latent of zeros, which every picture is told. */
function nothingTold({ encoder }: SemanticStudent): ToldPictures {
  const { latent_dim: size } = encoder.config;
  return {
    ...{ digest: NOTHING_TOLD, encoded: false },
    latents: () => Promise.resolve(floats([1, size], new Float32Array(size))),
    close: () => Promise.resolve(),
  };
}

/** The latents of a set's first pictures, and the label of each where it has labels. */
async function encodeFirst(
  semantic: SemanticStudent,
  data: PictureDataset,
  count: number,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<{ latents: Latent; labels: readonly number[] }> {
  const labels: number[] = [];
  const first: PictureDataset = {
    ...firstOf(data, count),
    pictures: async (indices) => {
      const batch = await data.pictures(indices);
      batch.labels?.forEach((label, row) => (labels[indices[row]!] = label));
      return batch;
    },
  };
  return { latents: await encodePictures(semantic, first, runtime, { signal }), labels };
}

/**
 * The model's class of each of a set's; undefined where it has none.
 *
 * @throws FollowspotError when the set has no classes, or one that the model lacks
 */
function classesOf(
  { name, network }: PixelModel,
  path: string,
  names: readonly string[] | undefined,
): number[] | undefined {
  const count = noClassOf(network.unet);
  if (count === undefined) return undefined;
  const places = names ? placesOf(network.facts.classes, names) : [];
  const stray = names?.find((_, i) => places[i]! < 0 || places[i]! >= count);
  if (names && stray === undefined) return places;
  const own = network.facts.classes ? `${listed(network.facts.classes)}, or ` : "";
  throw new FollowspotError(
    `--like: ${path}: expected pictures in the classes of ${name}, ${own}numbers from 0 to ${count - 1}, ` +
      `got ${stray === undefined ? "some without" : `"${stray}"`}.`,
    { remedy: "Give them in a folder for each class, or name the class of all with --class." },
  );
}
