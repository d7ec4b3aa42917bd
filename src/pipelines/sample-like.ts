// Pictures whose content a predictor is told, as latents of the model's own encoder.

import { FollowspotError } from "../core/errors.js";
import type { Latent } from "../diffusion/denoiser.js";
import { encodePictures } from "../distillation/index.js";
import type { SemanticStudent } from "../distillation/index.js";
import type { Runtime } from "../engine/runtime/session.js";
import { openDataset } from "../io/dataset/index.js";
import type { PictureDataset } from "../io/dataset/index.js";
import type { PixelModel } from "./sample-model.js";

/** An opened set of pictures to tell. */
export interface ToldPictures {
  readonly digest: string;
  /** Latents [M, D] of its first pictures, `count` or all that there are. */
  latents(count: number, runtime: Runtime, signal: AbortSignal): Promise<Latent>;
  close(): Promise<void>;
}

/** Opens pictures at the size of a model's encoder. Throws FollowspotError when it has none, and as openDataset. */
export async function openTold(
  { name, semantic }: PixelModel,
  path: string,
  signal: AbortSignal,
): Promise<ToldPictures> {
  if (!semantic) throw new FollowspotError(`--like: ${name}: expected an encoder, got none.`);
  const { sample_size: size, in_channels: channels } = semantic.encoder.config;
  const data = await openDataset(path, {
    size,
    channels: channels as 1 | 3,
    split: "test",
    signal,
  });
  return {
    digest: data.digest,
    latents: (count, runtime, stop) => encodeFirst(semantic, data, count, runtime, stop),
    close: () => data.close(),
  };
}

function encodeFirst(
  semantic: SemanticStudent,
  data: PictureDataset,
  count: number,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Latent> {
  const { size, channels, digest, resizing } = data;
  const first: PictureDataset = {
    ...{ count: Math.min(count, data.count), size, channels, digest, resizing },
    nameOf: (index) => data.nameOf(index),
    pictures: (indices) => data.pictures(indices),
    close: () => data.close(),
  };
  return encodePictures(semantic, first, runtime, { signal });
}
