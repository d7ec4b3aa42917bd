// From latents to pictures: either autoencoder of the family behind one function.

import { clip } from "../engine/functions.js";
import { mul, add } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import type { Weights } from "../nn/weights.js";
import {
  decodeKL,
  decodeTiny,
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
} from "../models/vae/index.js";

/** How a pipeline's latents become pictures. */
export interface DecoderConfig {
  /** Pixels along the side of one latent cell. */
  readonly factor: number;
  /** Channels of the latents. */
  readonly channels: number;
  /** Pictures [N, H, W, 3] in 0 to 1 of the denoiser's latents [N, h, w, channels]. */
  readonly decode: (weights: Weights, latents: Value) => Value;
}

/**
 * The decoder of a vae/config.json.
 *
 * @throws FollowspotError when an option has a wrong value or is not supported
 */
export function parseDecoder(json: Readonly<Record<string, unknown>>): DecoderConfig {
  if (json["_class_name"] === "AutoencoderTiny") {
    const config = parseAutoencoderTinyConfig(json);
    return {
      factor: 2 ** (config.decoder_block_out_channels.length - 1),
      channels: config.latent_channels,
      // TAESD's own pipelines scale and shift nowhere else.
      decode: (w, x) => toUnit(decodeTiny(w, config, unscaled(x, config))),
    };
  }
  const config = parseAutoencoderKLConfig(json);
  return {
    factor: 2 ** (config.block_out_channels.length - 1),
    channels: config.latent_channels,
    decode: (w, x) => toUnit(decodeKL(w, config, unscaled(x, config))),
  };
}

function unscaled(
  latents: Value,
  {
    scaling_factor: scale,
    shift_factor: shift,
  }: { scaling_factor: number; shift_factor: number | null },
): Value {
  return add(mul(latents, 1 / scale), shift ?? 0);
}

/** [-1, 1] to [0, 1], what lies beyond cut off. */
function toUnit(picture: Value): Value {
  return clip(add(mul(picture, 0.5), 0.5), 0, 1);
}
