// The configuration of UNet2DModel, under diffusers' names and with its defaults.

import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import { count, OFF, parseConfig, refuseUnknown, spread } from "../config.js";
import type { InertOptions } from "../config.js";

const MODEL = "unet2d";

const schema = z.object({
  sample_size: z
    .union([count, z.tuple([count, count])])
    .nullable()
    .default(null),
  in_channels: count.default(3),
  out_channels: count.default(3),
  center_input_sample: z.boolean().default(false),
  time_embedding_dim: count.nullable().default(null),
  freq_shift: z.number().default(0),
  flip_sin_to_cos: z.boolean().default(true),
  down_block_types: z
    .array(z.enum(["DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"]))
    .default(["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"]),
  mid_block_type: z.enum(["UNetMidBlock2D"]).nullable().default("UNetMidBlock2D"),
  up_block_types: z
    .array(z.enum(["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"]))
    .default(["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"]),
  block_out_channels: z.array(count).min(1).default([224, 448, 672, 896]),
  layers_per_block: count.default(2),
  mid_block_scale_factor: z.number().positive().default(1),
  downsample_padding: z.int().min(0).max(1).default(1),
  /** How blocks that attend change the size; the others tell it by their name. */
  downsample_type: z.enum(["conv", "resnet"]).default("conv"),
  upsample_type: z.enum(["conv", "resnet"]).default("conv"),
  /** Share of activations dropped in training; masks are given by whoever trains. */
  dropout: z.number().min(0).max(0.95).default(0),
  act_fn: z.enum(["silu", "swish"]).default("silu"),
  /** Channels of a head; all of a block's when null. */
  attention_head_dim: count.nullable().default(8),
  norm_num_groups: count.default(32),
  attn_norm_num_groups: count.nullable().default(null),
  norm_eps: z.number().positive().default(1e-5),
  resnet_time_scale_shift: z.enum(["default", "scale_shift"]).default("default"),
  /** Whether the middle block attends. */
  add_attention: z.boolean().default(true),
  num_class_embeds: count.nullable().default(null),
});

/** A U-Net's configuration, every default filled in. */
export type UNet2DConfig = z.infer<typeof schema>;

/** Options that change the graph and are not built. */
const inert: InertOptions = {
  time_embedding_type: ["positional"],
  class_embed_type: OFF,
  num_train_timesteps: OFF,
};

/** How a block changes the size of the picture. */
export type Resampling = "conv" | "resnet" | "none";

/** What one block of the U-Net is made of. */
export interface BlockPlan2D {
  readonly channels: number;
  readonly layers: number;
  readonly attends: boolean;
  readonly heads: number;
  /** Of the way to the next block. */
  readonly resampling: Resampling;
}

/**
 * A U-Net's configuration from the contents of its config.json.
 * Throws FollowspotError, naming the option, when one has a wrong value or is not supported.
 */
export function parseUNet2DConfig(json: unknown): UNet2DConfig {
  const config = parseConfig(MODEL, schema, json, inert);
  for (const [option, divisor, widths] of divisions(config)) {
    const uneven = widths.find((channels) => channels % divisor !== 0);
    if (uneven === undefined) continue;
    throw new FollowspotError(
      `${MODEL} config: block_out_channels: expected multiples of ${option}, ${divisor}, got ${uneven}.`,
      { remedy: "Change one of the two." },
    );
  }
  return config;
}

/** As parseUNet2DConfig, for a network that is to be trained: an option that is none would be a mistype. */
export function parseNewUNet2DConfig(json: unknown): UNet2DConfig {
  const config = parseUNet2DConfig(json);
  refuseUnknown(MODEL, json, [...Object.keys(schema.shape), ...Object.keys(inert)]);
  return config;
}

/** Options that divide widths, and the widths that are to be their multiples. */
function divisions(config: UNet2DConfig): [option: string, divisor: number, widths: number[]][] {
  const { block_out_channels: widths, mid_block_type: mid, add_attention: midAttends } = config;
  const plans = [...downPlans2D(config), ...upPlans2D(config)];
  const attending = plans.filter(({ attends }) => attends).map(({ channels }) => channels);
  const last = mid !== null && midAttends ? [widths.at(-1)!] : [];
  return [
    ["norm_num_groups", config.norm_num_groups, widths],
    ["attn_norm_num_groups", config.attn_norm_num_groups ?? 1, last],
    ["attention_head_dim", config.attention_head_dim ?? 1, [...attending, ...last]],
  ];
}

/** Attention heads of a block with so many channels. */
export function headsOf({ attention_head_dim: width }: UNet2DConfig, channels: number): number {
  return width === null ? 1 : Math.floor(channels / width);
}

/** The picture's sides must be multiples of this. */
export function strideOf({ block_out_channels: widths }: UNet2DConfig): number {
  return 2 ** (widths.length - 1);
}

function planOf(
  config: UNet2DConfig,
  type: string,
  channels: number,
  { layers, chosen, last }: { layers: number; chosen: "conv" | "resnet"; last: boolean },
): BlockPlan2D {
  const attends = type.startsWith("Attn");
  const own = type.startsWith("Resnet") ? "resnet" : "conv";
  const resampling = last ? "none" : attends ? chosen : own;
  return { channels, layers, attends, heads: headsOf(config, channels), resampling };
}

/** The blocks on the way down, finest first. */
export function downPlans2D(config: UNet2DConfig): BlockPlan2D[] {
  const widths = config.block_out_channels;
  const types = spread(MODEL, "down_block_types", config.down_block_types, widths.length);
  const { layers_per_block: layers, downsample_type: chosen } = config;
  return widths.map((channels, i) =>
    planOf(config, types[i]!, channels, { layers, chosen, last: i === widths.length - 1 }),
  );
}

/** The blocks on the way up, coarsest first, each with one layer more than on the way down. */
export function upPlans2D(config: UNet2DConfig): BlockPlan2D[] {
  const widths = [...config.block_out_channels].reverse();
  const types = spread(MODEL, "up_block_types", config.up_block_types, widths.length);
  const layers = config.layers_per_block + 1;
  const { upsample_type: chosen } = config;
  return widths.map((channels, i) =>
    planOf(config, types[i]!, channels, { layers, chosen, last: i === widths.length - 1 }),
  );
}
