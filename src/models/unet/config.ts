// The configuration of UNet2DConditionModel, under diffusers' names and with its defaults.

import { z } from "zod";
import {
  count,
  OFF,
  parseConfig,
  perBlock,
  refuseUnknown,
  spread,
  unsupported,
} from "../config.js";
import type { InertOptions } from "../config.js";

const MODEL = "unet";

const schema = z.object({
  sample_size: z
    .union([count, z.tuple([count, count])])
    .nullable()
    .default(null),
  in_channels: count.default(4),
  out_channels: count.default(4),
  center_input_sample: z.boolean().default(false),
  flip_sin_to_cos: z.boolean().default(true),
  freq_shift: z.number().default(0),
  down_block_types: z
    .array(z.enum(["CrossAttnDownBlock2D", "DownBlock2D"]))
    .default([
      "CrossAttnDownBlock2D",
      "CrossAttnDownBlock2D",
      "CrossAttnDownBlock2D",
      "DownBlock2D",
    ]),
  mid_block_type: z
    .enum(["UNetMidBlock2DCrossAttn", "UNetMidBlock2D"])
    .nullable()
    .default("UNetMidBlock2DCrossAttn"),
  up_block_types: z
    .array(z.enum(["CrossAttnUpBlock2D", "UpBlock2D"]))
    .default(["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]),
  block_out_channels: z.array(count).min(1).default([320, 640, 1280, 1280]),
  layers_per_block: perBlock.default(2),
  downsample_padding: z.int().min(0).max(1).default(1),
  mid_block_scale_factor: z.number().positive().default(1),
  act_fn: z.enum(["silu", "swish"]).default("silu"),
  norm_num_groups: count.default(32),
  norm_eps: z.number().positive().default(1e-5),
  cross_attention_dim: perBlock.default(1280),
  transformer_layers_per_block: perBlock.default(1),
  /** In spite of its name the number of heads, unless `num_attention_heads` is given. */
  attention_head_dim: perBlock.default(8),
  num_attention_heads: perBlock.nullable().default(null),
  use_linear_projection: z.boolean().default(false),
  time_embedding_dim: count.nullable().default(null),
  time_cond_proj_dim: count.nullable().default(null),
  conv_in_kernel: count.default(3),
  conv_out_kernel: count.default(3),
});

/** A U-Net's configuration, every default filled in. */
export type UNetConfig = z.infer<typeof schema>;

/** Options that change the graph and are not built. `upcast_attention` only matters below float32. */
const inert: InertOptions = {
  only_cross_attention: OFF,
  reverse_transformer_layers_per_block: OFF,
  encoder_hid_dim: OFF,
  encoder_hid_dim_type: OFF,
  dual_cross_attention: OFF,
  class_embed_type: OFF,
  addition_embed_type: OFF,
  num_class_embeds: OFF,
  resnet_time_scale_shift: ["default"],
  resnet_skip_time_act: OFF,
  resnet_out_scale_factor: [1],
  time_embedding_type: ["positional"],
  time_embedding_act_fn: OFF,
  timestep_post_act: OFF,
  attention_type: ["default"],
  class_embeddings_concat: OFF,
  mid_block_only_cross_attention: OFF,
  cross_attention_norm: OFF,
};

/** What one block of the U-Net is made of. */
export interface BlockPlan {
  readonly channels: number;
  readonly layers: number;
  readonly attends: boolean;
  readonly heads: number;
  /** Transformer layers at each attention. */
  readonly depth: number;
}

/**
 * A U-Net's configuration from the contents of its config.json.
 * Throws FollowspotError, naming the option, when one has a wrong value or is not supported.
 */
export function parseUNetConfig(json: unknown): UNetConfig {
  const config = parseConfig(MODEL, schema, json, inert);
  downPlans(config);
  upPlans(config);
  contextWidth(config);
  const groups = config.norm_num_groups;
  const uneven = config.block_out_channels.find((channels) => channels % groups !== 0);
  if (uneven !== undefined) {
    throw unsupported(MODEL, "block_out_channels", uneven, [`multiples of ${groups}`]);
  }
  return config;
}

/** As parseUNetConfig, for a network that is to be trained: an option that is none would be a mistype. */
export function parseNewUNetConfig(json: unknown): UNetConfig {
  const config = parseUNetConfig(json);
  refuseUnknown(MODEL, json, [...Object.keys(schema.shape), ...Object.keys(inert)]);
  return config;
}

function plans(config: UNetConfig, types: readonly string[], option: string): BlockPlan[] {
  const blocks = config.block_out_channels.length;
  const each = <T>(name: string, value: T | readonly T[]): readonly T[] =>
    spread(MODEL, name, value, blocks);
  const kinds = each(option, types);
  const heads = config.num_attention_heads ?? config.attention_head_dim;
  const layers = each("layers_per_block", config.layers_per_block);
  const depths = each("transformer_layers_per_block", config.transformer_layers_per_block);
  const perLevel = each("attention_head_dim", heads);
  return config.block_out_channels.map((channels, i) => ({
    channels,
    layers: layers[i]!,
    attends: kinds[i]!.startsWith("CrossAttn"),
    heads: perLevel[i]!,
    depth: depths[i]!,
  }));
}

/** Width of the prompt's tokens. Throws FollowspotError when blocks want different ones. */
export function contextWidth({ cross_attention_dim: widths }: UNetConfig): number {
  const [first, ...others] = [widths].flat() as [number, ...number[]];
  if (others.every((width) => width === first)) return first;
  throw unsupported(MODEL, "cross_attention_dim", widths, ["one value for all blocks"]);
}

/** The blocks on the way down, finest first. */
export function downPlans(config: UNetConfig): BlockPlan[] {
  return plans(config, config.down_block_types, "down_block_types");
}

/** The blocks on the way up, coarsest first, each with one layer more than on the way down. */
export function upPlans(config: UNetConfig): BlockPlan[] {
  const types = [...config.up_block_types].reverse();
  return plans(config, types, "up_block_types")
    .reverse()
    .map((plan) => ({ ...plan, layers: plan.layers + 1 }));
}
