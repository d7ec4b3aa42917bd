// The blocks of UNet2DModel: residual blocks, each followed by self-attention where the block attends.

import { add, concat, mul, reshape } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { attention } from "../../nn/attention.js";
import type { AttentionPolicy } from "../../nn/attention.js";
import { conv, upsampleNearest2x } from "../../nn/conv.js";
import { groupNorm } from "../../nn/norm.js";
import { resblock } from "../../nn/resblock.js";
import type { Dropout, ResblockOptions } from "../../nn/resblock.js";
import type { Weights } from "../../nn/weights.js";
import type { BlockPlan2D, UNet2DConfig } from "./config.js";

/** What all blocks share. */
export interface BlockContext2D {
  readonly w: Weights;
  readonly config: UNet2DConfig;
  /** The timestep's and the class's embedding, [N, k]. */
  readonly timestep: Value;
  readonly policy: AttentionPolicy;
  readonly dropout: Dropout | undefined;
}

function residual(
  { w, config, timestep, dropout }: BlockContext2D,
  name: string,
  x: Value,
  options: Pick<ResblockOptions, "outChannels" | "resample" | "outputScale">,
): Value {
  const scaleShift = config.resnet_time_scale_shift === "scale_shift";
  const norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  return resblock(w, name, x, { ...norm, ...options, timestep, scaleShift, dropout });
}

export interface SelfAttentionOptions {
  /** Name of the site before its kind, such as `up.0.attn.1`. */
  readonly site: string;
  readonly heads: number;
  /** Groups of the normalisation before it; none when null. */
  readonly groups: number | null;
  readonly eps: number;
  readonly policy: AttentionPolicy;
  /** Divides the sum of input and attention; 1 when absent. */
  readonly outputScale?: number;
}

/** Self-attention over all cells, added to its input: [N, H, W, C] -> [N, H, W, C]. */
export function selfAttention(
  w: Weights,
  name: string,
  x: Value,
  { site, heads, groups, eps, policy, outputScale = 1 }: SelfAttentionOptions,
): Value {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const normed = groups === null ? x : groupNorm(w, `${name}.group_norm`, x, { groups, eps });
  const tokens = height * width;
  const maps = policy.at({ name: `${site}.self`, kind: "self", height, width, heads, tokens });
  const options = { heads, headWidth: channels / heads, bias: true, maps };
  const mixed = attention(w, name, reshape(normed, [n, tokens, channels]), options);
  return mul(add(reshape(mixed, x.shape), x), 1 / outputScale);
}

/** One layer of a block: a residual block, then self-attention where the block attends. */
function layer(
  shared: BlockContext2D,
  [block, site]: readonly [string, string],
  index: number,
  x: Value,
  plan: BlockPlan2D,
): Value {
  const h = residual(shared, `${block}.resnets.${index}`, x, { outChannels: plan.channels });
  if (!plan.attends) return h;
  const { w, config, policy } = shared;
  return selfAttention(w, `${block}.attentions.${index}`, h, {
    ...{ site: `${site}.attn.${index}`, heads: plan.heads, policy },
    ...{ groups: config.norm_num_groups, eps: config.norm_eps },
  });
}

/** Down block `index`: its outputs in order, the last being its result. */
export function downBlock2D(
  shared: BlockContext2D,
  index: number,
  x: Value,
  plan: BlockPlan2D,
): Value[] {
  const name = `down_blocks.${index}`;
  const outputs: Value[] = [];
  for (let i = 0; i < plan.layers; i++) {
    outputs.push(layer(shared, [name, `down.${index}`], i, outputs.at(-1) ?? x, plan));
  }
  const { channels, resampling } = plan;
  const last = outputs.at(-1)!;
  if (resampling === "conv") {
    // Without padding, diffusers adds a row and a column of zeros at the far sides only.
    const padding = shared.config.downsample_padding === 0 ? ([0, 0, 1, 1] as const) : 1;
    const down = `${name}.downsamplers.0.conv`;
    outputs.push(conv(shared.w, down, last, channels, { stride: 2, padding }));
  } else if (resampling === "resnet") {
    const options = { outChannels: channels, resample: "down" } as const;
    outputs.push(residual(shared, `${name}.downsamplers.0`, last, options));
  }
  return outputs;
}

/** The block at the coarsest level. */
export function midBlock2D(shared: BlockContext2D, x: Value, plan: BlockPlan2D): Value {
  const { w, config, policy } = shared;
  if (config.mid_block_type === null) return x;
  const outputScale = config.mid_block_scale_factor;
  const scaled = (name: string, input: Value): Value =>
    residual(shared, name, input, { outChannels: plan.channels, outputScale });
  const h = scaled("mid_block.resnets.0", x);
  if (!config.add_attention) return scaled("mid_block.resnets.1", h);
  // As diffusers has it: a timestep that scales leaves this attention without normalisation.
  const own = config.resnet_time_scale_shift === "default" ? config.norm_num_groups : null;
  const mixed = selfAttention(w, "mid_block.attentions.0", h, {
    ...{ site: "mid.attn.0", heads: plan.heads, policy, outputScale },
    ...{ groups: config.attn_norm_num_groups ?? own, eps: config.norm_eps },
  });
  return scaled("mid_block.resnets.1", mixed);
}

/** Up block `index`: each layer takes one output of the way down, the last of `skips` first. */
export function upBlock2D(
  shared: BlockContext2D,
  index: number,
  x: Value,
  plan: BlockPlan2D,
  skips: Value[],
): Value {
  const name = `up_blocks.${index}`;
  let h = x;
  for (let i = 0; i < plan.layers; i++) {
    const joined = concat([h, skips.pop()!], 3);
    h = layer(shared, [name, `up.${index}`], i, joined, plan);
  }
  const { channels, resampling } = plan;
  if (resampling === "none") return h;
  if (resampling === "conv") {
    return conv(shared.w, `${name}.upsamplers.0.conv`, upsampleNearest2x(h), channels);
  }
  return residual(shared, `${name}.upsamplers.0`, h, { outChannels: channels, resample: "up" });
}
