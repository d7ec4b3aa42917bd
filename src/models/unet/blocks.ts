// The blocks of UNet2DConditionModel: residual blocks, each followed by a transformer where the block attends.

import type { Value } from "../../engine/graph.js";
import { concat } from "../../engine/functions.js";
import type { AttentionPolicy } from "../../nn/attention.js";
import { conv, cropTo, upsampleNearest2x } from "../../nn/conv.js";
import { resblock } from "../../nn/resblock.js";
import { spatialTransformer } from "../../nn/transformer.js";
import type { Weights } from "../../nn/weights.js";
import type { BlockPlan, UNetConfig } from "./config.js";

/** What all blocks share. */
export interface BlockContext {
  readonly w: Weights;
  readonly config: UNetConfig;
  /** The timestep's embedding, [N, k]. */
  readonly timestep: Value;
  /** The prompt's tokens, [N, T, k]. */
  readonly context: Value;
  readonly policy: AttentionPolicy;
}

function residual(shared: BlockContext, name: string, x: Value, outChannels: number): Value {
  const { w, config, timestep } = shared;
  const norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  return resblock(w, name, x, { ...norm, outChannels, timestep });
}

function attend(
  shared: BlockContext,
  name: string,
  site: string,
  x: Value,
  plan: BlockPlan,
): Value {
  const { w, config, context, policy } = shared;
  return spatialTransformer(w, name, x, {
    context,
    policy,
    site,
    heads: plan.heads,
    depth: plan.depth,
    groups: config.norm_num_groups,
    linearProjection: config.use_linear_projection,
  });
}

/** One layer of a block: a residual block, then a transformer where the block attends. */
function layer(
  shared: BlockContext,
  block: string,
  site: string,
  index: number,
  x: Value,
  plan: BlockPlan,
): Value {
  const h = residual(shared, `${block}.resnets.${index}`, x, plan.channels);
  if (!plan.attends) return h;
  return attend(shared, `${block}.attentions.${index}`, `${site}.attn.${index}`, h, plan);
}

/** Down block `index`: its outputs in order, the last being its result. Halves the picture unless it is the last. */
export function downBlock(
  shared: BlockContext,
  index: number,
  x: Value,
  plan: BlockPlan,
  isLast: boolean,
): Value[] {
  const name = `down_blocks.${index}`;
  const outputs: Value[] = [];
  for (let i = 0; i < plan.layers; i++) {
    outputs.push(layer(shared, name, `down.${index}`, i, outputs.at(-1) ?? x, plan));
  }
  if (isLast) return outputs;
  // Without padding, diffusers adds a row and a column of zeros at the far sides only.
  const padding = shared.config.downsample_padding === 0 ? ([0, 0, 1, 1] as const) : 1;
  const down = `${name}.downsamplers.0.conv`;
  outputs.push(conv(shared.w, down, outputs.at(-1)!, plan.channels, { stride: 2, padding }));
  return outputs;
}

/** The block at the coarsest level. */
export function midBlock(shared: BlockContext, x: Value, plan: BlockPlan): Value {
  const { mid_block_type: type, mid_block_scale_factor: outputScale } = shared.config;
  if (type === null) return x;
  const { w, config, timestep } = shared;
  const norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  const scaled = (name: string, input: Value): Value =>
    resblock(w, name, input, { ...norm, outChannels: plan.channels, timestep, outputScale });
  const h = scaled("mid_block.resnets.0", x);
  if (type === "UNetMidBlock2D") return h;
  return scaled(
    "mid_block.resnets.1",
    attend(shared, "mid_block.attentions.0", "mid.attn.0", h, plan),
  );
}

/** Up block `index`: each layer takes one output of the way down, the last of `skips` first. */
export function upBlock(
  shared: BlockContext,
  index: number,
  x: Value,
  plan: BlockPlan,
  skips: Value[],
): Value {
  const name = `up_blocks.${index}`;
  let h = x;
  for (let i = 0; i < plan.layers; i++) {
    const skip = skips.pop()!;
    h = layer(shared, name, `up.${index}`, i, concat([h, skip], 3), plan);
  }
  const next = skips.at(-1);
  if (!next) return h;
  const [, height, width] = next.shape as [number, number, number];
  const larger = cropTo(upsampleNearest2x(h), height, width);
  return conv(shared.w, `${name}.upsamplers.0.conv`, larger, plan.channels);
}
