// The semantic encoder: a picture as a short vector (PDAE, Zhang et al. 2022; SFERD, arXiv 2311.03830).

import { FollowspotError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import { reshape, silu, transpose } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { fusedPolicy } from "../../nn/attention.js";
import type { AttentionPolicy } from "../../nn/attention.js";
import { conv } from "../../nn/conv.js";
import { linear } from "../../nn/linear.js";
import { groupNorm } from "../../nn/norm.js";
import type { Weights } from "../../nn/weights.js";
import { selfAttention } from "../unet2d/index.js";
import { stridesOf } from "./config.js";
import type { SemanticEncoderConfig } from "./config.js";

const EPSILON = 1e-5;

/**
 * What a clean picture shows: [N, H, W, C] -> [N, latent_dim]. Each block is a convolution, attention where the block
 * attends, normalisation and SiLU.
 *
 * Throws FollowspotError when the pictures do not fit the configuration.
 */
export function semanticEncoder(
  w: Weights,
  config: SemanticEncoderConfig,
  pictures: Value,
  policy: AttentionPolicy = fusedPolicy,
): Value {
  const { sample_size: size, in_channels: channels, norm_num_groups: groups } = config;
  const [n, ...rest] = pictures.shape;
  if (rest.join() !== [size, size, channels].join()) {
    const got = formatShape(pictures.shape);
    throw new FollowspotError(
      `semantic encoder: expected ?x${size}x${size}x${channels}, got ${got}.`,
    );
  }
  const strides = stridesOf(config);
  const last = config.block_out_channels.reduce((x, width, i) => {
    const name = `blocks.${i}`;
    const h = conv(w, `${name}.conv`, x, width, { stride: strides[i]!, padding: 1 });
    const options = { groups, eps: EPSILON };
    const attended =
      i === config.attention_block
        ? selfAttention(w, `${name}.attention`, h, {
            ...{ ...options, policy, site: "encoder.attn.0", heads: config.num_attention_heads },
          })
        : h;
    return silu(groupNorm(w, `${name}.norm`, attended, options));
  }, pictures);
  // Channels first, as a PyTorch module of these weights flattens.
  const flat = reshape(transpose(last, [0, 3, 1, 2]), [n!, -1]);
  return linear(w, "proj_out", flat, config.latent_dim);
}
