// The blocks of a gradient predictor: residual blocks that timestep and picture scale and shift.

import { add, concat, mul, reshape, silu, slice } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import type { AttentionPolicy } from "../../nn/attention.js";
import { conv, upsampleNearest2x } from "../../nn/conv.js";
import { ZEROS } from "../../nn/init.js";
import { linear } from "../../nn/linear.js";
import { groupNorm } from "../../nn/norm.js";
import type { Weights } from "../../nn/weights.js";
import { selfAttention } from "../unet2d/index.js";
import type { BlockPlan2D, Dropout, UNet2DConfig } from "../unet2d/index.js";

/** What all blocks share. */
export interface ShiftContext {
  readonly w: Weights;
  readonly config: UNet2DConfig;
  /** The student's embedding of timestep and class, [N, k]. */
  readonly temb: Value;
  /** The embedding of what tells the picture, [N, k]. */
  readonly zemb: Value;
  readonly policy: AttentionPolicy;
  readonly dropout: Dropout;
}

/** h (1 + scale) + shift, both from an embedding: [N, H, W, C], [N, k] -> [N, H, W, C]. */
function modulated(w: Weights, name: string, h: Value, embedding: Value): Value {
  const channels = h.shape[3]!;
  const rows = reshape(linear(w, name, silu(embedding), 2 * channels), [-1, 1, 1, 2 * channels]);
  const scale = add(slice(rows, 3, 0, channels), 1);
  return add(mul(h, scale), slice(rows, 3, channels, 2 * channels));
}

/**
 * A residual block that the timestep modulates first, then the picture: [N, H, W, C] -> [N, H', W', outChannels].
 * The last convolution starts at 0.
 */
export function shiftBlock(
  { w, config, temb, zemb, dropout }: ShiftContext,
  name: string,
  x: Value,
  { outChannels, double = false }: { readonly outChannels: number; readonly double?: boolean },
): Value {
  const norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  const resampled = (value: Value): Value => (double ? upsampleNearest2x(value) : value);
  const activated = resampled(silu(groupNorm(w, `${name}.norm1`, x, norm)));
  let h = groupNorm(w, `${name}.norm2`, conv(w, `${name}.conv1`, activated, outChannels), norm);
  h = modulated(w, `${name}.time_emb_proj`, h, temb);
  h = modulated(w, `${name}.latent_emb_proj`, h, zemb);
  const changed = conv(w, `${name}.conv2`, dropout(name, silu(h)), outChannels, { init: ZEROS });
  const input = resampled(x);
  const skip =
    input.shape[3] === outChannels
      ? input
      : conv(w, `${name}.conv_shortcut`, input, outChannels, { kernel: 1 });
  return add(skip, changed);
}

/** Self-attention with the student's settings. */
export function shiftAttention(
  { w, config, policy }: ShiftContext,
  name: string,
  site: string,
  x: Value,
  heads: number,
): Value {
  const norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  return selfAttention(w, name, x, { ...norm, site, heads, policy });
}

/** The counterpart of the student's up block `index`: the same widths, attention, skips and size. */
export function shiftUpBlock(
  shared: ShiftContext,
  index: number,
  x: Value,
  plan: BlockPlan2D,
  skips: Value[],
): Value {
  const name = `shift_blocks.${index}`;
  const { channels, resampling, attends, heads } = plan;
  let h = x;
  for (let i = 0; i < plan.layers; i++) {
    const joined = concat([h, skips.pop()!], 3);
    h = shiftBlock(shared, `${name}.resnets.${i}`, joined, { outChannels: channels });
    if (!attends) continue;
    h = shiftAttention(shared, `${name}.attentions.${i}`, `shift.${index}.attn.${i}`, h, heads);
  }
  const up = `${name}.upsamplers.0`;
  if (resampling === "none") return h;
  if (resampling === "conv") return conv(shared.w, `${up}.conv`, upsampleNearest2x(h), channels);
  return shiftBlock(shared, up, h, { outChannels: channels, double: true });
}
