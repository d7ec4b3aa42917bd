// AutoencoderKL, the autoencoder of latent diffusion (Rombach et al. 2022), as two graphs.

import { add, clip, reshape, silu, slice } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { attention } from "../../nn/attention.js";
import { conv, upsampleNearest2x } from "../../nn/conv.js";
import { groupNorm } from "../../nn/norm.js";
import { resblock } from "../../nn/resblock.js";
import type { Weights } from "../../nn/weights.js";
import type { AutoencoderKLConfig } from "./kl-config.js";

const EPS = 1e-6;
/** Logarithms of the variance are cut to this range. */
const LOG_VARIANCE = [-30, 20] as const;

/** The posterior over latents: a normal distribution with independent components. */
export interface Posterior {
  /** [N, h, w, latent_channels]; its mode too. */
  readonly mean: Value;
  /** [N, h, w, latent_channels], cut to [-30, 20]. */
  readonly logVariance: Value;
}

function normOptions(config: AutoencoderKLConfig): { groups: number; eps: number } {
  return { groups: config.norm_num_groups, eps: EPS };
}

function residual(
  w: Weights,
  config: AutoencoderKLConfig,
  name: string,
  x: Value,
  outChannels: number,
): Value {
  return resblock(w, name, x, { ...normOptions(config), outChannels });
}

/** Self-attention over all cells with one head, added to its input. */
function cellAttention(w: Weights, config: AutoencoderKLConfig, name: string, x: Value): Value {
  const [n, , , channels] = x.shape as [number, number, number, number];
  const normed = groupNorm(w, `${name}.group_norm`, x, normOptions(config));
  const cells = reshape(normed, [n, -1, channels]);
  const mixed = attention(w, name, cells, { heads: 1, headWidth: channels, bias: true });
  return add(reshape(mixed, x.shape), x);
}

function midBlock(w: Weights, config: AutoencoderKLConfig, name: string, x: Value): Value {
  const channels = x.shape[3]!;
  const h = residual(w, config, `${name}.resnets.0`, x, channels);
  const mixed = config.mid_block_add_attention
    ? cellAttention(w, config, `${name}.attentions.0`, h)
    : h;
  return residual(w, config, `${name}.resnets.1`, mixed, channels);
}

function finish(
  w: Weights,
  config: AutoencoderKLConfig,
  name: string,
  x: Value,
  outChannels: number,
): Value {
  const h = silu(groupNorm(w, `${name}.conv_norm_out`, x, normOptions(config)));
  return conv(w, `${name}.conv_out`, h, outChannels);
}

/**
 * Encodes pictures [N, H, W, in_channels] in [-1, 1]; each level but the last halves the sides.
 * The latents are raw: multiply them by scaling_factor for the denoiser.
 */
export function encodeKL(w: Weights, config: AutoencoderKLConfig, picture: Value): Posterior {
  const { block_out_channels: widths, latent_channels: latents } = config;
  let h = conv(w, "encoder.conv_in", picture, widths[0]!);
  widths.forEach((width, level) => {
    const name = `encoder.down_blocks.${level}`;
    for (let i = 0; i < config.layers_per_block; i++) {
      h = residual(w, config, `${name}.resnets.${i}`, h, width);
    }
    if (level === widths.length - 1) return;
    // Zeros at the bottom and at the right only, as the original trained it.
    h = conv(w, `${name}.downsamplers.0.conv`, h, width, { stride: 2, padding: [0, 0, 1, 1] });
  });
  h = midBlock(w, config, "encoder.mid_block", h);
  h = finish(w, config, "encoder", h, 2 * latents);
  if (config.use_quant_conv) h = conv(w, "quant_conv", h, 2 * latents, { kernel: 1 });
  const mean = slice(h, 3, 0, latents);
  return { mean, logVariance: clip(slice(h, 3, latents, 2 * latents), ...LOG_VARIANCE) };
}

/**
 * Decodes raw latents [N, h, w, latent_channels] to pictures, about [-1, 1] and not clipped; each
 * level but the last doubles the sides.
 */
export function decodeKL(w: Weights, config: AutoencoderKLConfig, latents: Value): Value {
  const widths = [...config.block_out_channels].reverse();
  const channels = config.latent_channels;
  let h = config.use_post_quant_conv
    ? conv(w, "post_quant_conv", latents, channels, { kernel: 1 })
    : latents;
  h = midBlock(w, config, "decoder.mid_block", conv(w, "decoder.conv_in", h, widths[0]!));
  widths.forEach((width, level) => {
    const name = `decoder.up_blocks.${level}`;
    for (let i = 0; i <= config.layers_per_block; i++) {
      h = residual(w, config, `${name}.resnets.${i}`, h, width);
    }
    if (level === widths.length - 1) return;
    h = conv(w, `${name}.upsamplers.0.conv`, upsampleNearest2x(h), width);
  });
  return finish(w, config, "decoder", h, config.out_channels);
}
