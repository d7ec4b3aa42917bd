// Pictures whose content a predictor is told, as latents of the model's own encoder.

import { FollowspotError } from "../core/errors.js";
import { floats } from "../core/tensor.js";
import type { Latent } from "../diffusion/denoiser.js";
import { encodePictures } from "../distillation/index.js";
import type { SemanticStudent } from "../distillation/index.js";
import type { Runtime } from "../engine/runtime/session.js";
import { openDataset } from "../io/dataset/index.js";
import type { PictureDataset } from "../io/dataset/index.js";
import type { PixelModel } from "./sample-model.js";
import { NOTHING_TOLD } from "./sample-request.js";

/** An opened set of pictures to tell. */
export interface ToldPictures {
  readonly digest: string;
  /** Whether the encoder is asked for the latents. */
  readonly encoded: boolean;
  /** Latents [M, D] of its first pictures, `count` or all that there are; a single one when nothing is told. */
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
  if (path === NOTHING_TOLD) return nothingTold(semantic);
  const { sample_size: size, in_channels: channels } = semantic.encoder.config;
  const data = await openDataset(path, {
    size,
    channels: channels as 1 | 3,
    split: "test",
    signal,
  });
  return {
    ...{ digest: data.digest, encoded: true },
    latents: (count, runtime, stop) => encodeFirst(semantic, data, count, runtime, stop),
    close: () => data.close(),
  };
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
