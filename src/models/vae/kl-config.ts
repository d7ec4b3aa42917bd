// The configuration of AutoencoderKL, under diffusers' names and with its defaults.

import { z } from "zod";
import { count, parseConfig, spread, unsupported } from "../config.js";

const MODEL = "autoencoder";

const schema = z.object({
  in_channels: count.default(3),
  out_channels: count.default(3),
  down_block_types: z.array(z.enum(["DownEncoderBlock2D"])).default(["DownEncoderBlock2D"]),
  up_block_types: z.array(z.enum(["UpDecoderBlock2D"])).default(["UpDecoderBlock2D"]),
  block_out_channels: z.array(count).min(1).default([64]),
  layers_per_block: count.default(1),
  act_fn: z.enum(["silu", "swish"]).default("silu"),
  latent_channels: count.default(4),
  norm_num_groups: count.default(32),
  /** Multiplies latents so that the denoiser sees unit variance. */
  scaling_factor: z.number().positive().default(0.18215),
  shift_factor: z.number().nullable().default(null),
  use_quant_conv: z.boolean().default(true),
  use_post_quant_conv: z.boolean().default(true),
  mid_block_add_attention: z.boolean().default(true),
});

/** An autoencoder's configuration, every default filled in. */
export type AutoencoderKLConfig = z.infer<typeof schema>;

/**
 * An autoencoder's configuration from the contents of its config.json.
 * Throws FollowspotError, naming the option, when one has a wrong value or is not supported.
 */
export function parseAutoencoderKLConfig(json: unknown): AutoencoderKLConfig {
  const config = parseConfig(MODEL, schema, json, { latents_mean: [null], latents_std: [null] });
  const { block_out_channels: widths, norm_num_groups: groups } = config;
  spread(MODEL, "down_block_types", config.down_block_types, widths.length);
  spread(MODEL, "up_block_types", config.up_block_types, widths.length);
  const uneven = widths.find((width) => width % groups !== 0);
  if (uneven !== undefined) {
    throw unsupported(MODEL, "block_out_channels", uneven, [`multiples of ${groups}`]);
  }
  return config;
}
