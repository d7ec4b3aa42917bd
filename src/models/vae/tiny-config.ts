// The configuration of AutoencoderTiny, under diffusers' names and with its defaults.

import { z } from "zod";
import { count, parseConfig, refuseUnknown, unsupported } from "../config.js";
import type { InertOptions } from "../config.js";

const MODEL = "autoencoder";
const channels = z.array(count).min(1).default([64, 64, 64, 64]);

const schema = z.object({
  in_channels: count.default(3),
  out_channels: count.default(3),
  encoder_block_out_channels: channels,
  decoder_block_out_channels: channels,
  act_fn: z.enum(["relu", "silu", "swish", "gelu"]).default("relu"),
  latent_channels: count.default(4),
  num_encoder_blocks: z.array(z.int().nonnegative()).min(1).default([1, 3, 3, 3]),
  num_decoder_blocks: z.array(z.int().nonnegative()).min(1).default([3, 3, 3, 1]),
  /** Latents in [-magnitude, magnitude] fill a byte in previews. */
  latent_magnitude: z.number().positive().default(3),
  latent_shift: z.number().default(0.5),
  /** Multiplies latents so that the denoiser sees unit variance. */
  scaling_factor: z.number().positive().default(1),
  shift_factor: z.number().default(0),
});

/** A tiny autoencoder's configuration, every default filled in. */
export type AutoencoderTinyConfig = z.infer<typeof schema>;

const inert: InertOptions = { upsample_fn: ["nearest"], upsampling_scaling_factor: [2] };

/**
 * A tiny autoencoder's configuration from the contents of its config.json.
 * Throws FollowspotError, naming the option, when one has a wrong value or is not supported.
 */
export function parseAutoencoderTinyConfig(json: unknown): AutoencoderTinyConfig {
  const config = parseConfig(MODEL, schema, json, inert);
  checkStages("encoder", config.num_encoder_blocks, config.encoder_block_out_channels);
  checkStages("decoder", config.num_decoder_blocks, config.decoder_block_out_channels);
  return config;
}

/** As parseAutoencoderTinyConfig, for one that is to be trained: an option that is none would be a mistype. */
export function parseNewAutoencoderTinyConfig(json: unknown): AutoencoderTinyConfig {
  const config = parseAutoencoderTinyConfig(json);
  refuseUnknown(MODEL, json, [...Object.keys(schema.shape), ...Object.keys(inert)]);
  return config;
}

/** Stages change the picture's size, but not the width: neighbours that differ would not fit. */
function checkStages(side: string, blocks: readonly number[], widths: readonly number[]): void {
  if (blocks.length !== widths.length) {
    const option = `num_${side}_blocks`;
    throw unsupported(MODEL, option, blocks, [`${widths.length} values, one per stage`]);
  }
  if (widths.some((width) => width !== widths[0])) {
    throw unsupported(MODEL, `${side}_block_out_channels`, widths, ["one width for all stages"]);
  }
}
