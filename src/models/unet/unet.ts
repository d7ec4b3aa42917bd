// UNet2DConditionModel, the denoiser of Stable Diffusion (Rombach et al. 2022), as a graph.

import { FollowspotError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import { add, mul, silu } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { fusedPolicy } from "../../nn/attention.js";
import type { AttentionPolicy } from "../../nn/attention.js";
import { conv } from "../../nn/conv.js";
import { ZEROS } from "../../nn/init.js";
import { groupNorm } from "../../nn/norm.js";
import { timestepEmbedding, timestepSinusoids } from "../../nn/timestep.js";
import type { Weights } from "../../nn/weights.js";
import { downBlock, midBlock, upBlock } from "./blocks.js";
import type { BlockContext } from "./blocks.js";
import { contextWidth, downPlans, upPlans } from "./config.js";
import type { UNetConfig } from "./config.js";

export interface UNetInputs {
  /** Noisy latents, float32 [N, H, W, in_channels]. */
  readonly sample: Value;
  /** Timesteps, float32 [N], usually 0 to 999; fractions are allowed. */
  readonly timestep: Value;
  /** The prompts' tokens, float32 [N, T, cross_attention_dim]. */
  readonly context: Value;
  /** Embedded guidance strengths, float32 [N, time_cond_proj_dim], for models distilled to take them. */
  readonly guidance?: Value;
  /** What each attention site does; fused everywhere when absent. */
  readonly policy?: AttentionPolicy;
}

function checkInputs(
  config: UNetConfig,
  { sample, timestep, context, guidance }: UNetInputs,
): void {
  const n = sample.shape[0] ?? 0;
  const expectations: [string, Value | undefined, (number | undefined)[]][] = [
    ["sample", sample, [n, undefined, undefined, config.in_channels]],
    ["timestep", timestep, [n]],
    ["guidance", guidance, [n, config.time_cond_proj_dim ?? 0]],
    ["context", context, [n, undefined, contextWidth(config)]],
  ];
  for (const [name, value, expected] of expectations) {
    if (!value) continue;
    const { shape } = value;
    const fits = expected.every((extent, i) => extent === undefined || extent === shape[i]);
    if (fits && shape.length === expected.length) continue;
    const told = expected.map((extent) => extent ?? "?").join("x");
    throw new FollowspotError(`unet: ${name}: expected ${told}, got ${formatShape(shape)}.`);
  }
}

function embedTimestep(w: Weights, config: UNetConfig, { timestep, guidance }: UNetInputs): Value {
  const [first] = config.block_out_channels as [number];
  const width = config.time_embedding_dim ?? 4 * first;
  const sinusoids = timestepSinusoids(timestep, first, {
    flipSinToCos: config.flip_sin_to_cos,
    downscaleFreqShift: config.freq_shift,
  });
  return timestepEmbedding(w, "time_embedding", sinusoids, width, guidance);
}

/** What all blocks share, for these inputs. */
function sharedBy(w: Weights, config: UNetConfig, inputs: UNetInputs): BlockContext {
  const { context, policy = fusedPolicy } = inputs;
  return { w, config, timestep: embedTimestep(w, config, inputs), context, policy };
}

/** The outputs of the way down in order, that of the first convolution before them: skips of the way up. */
function wayDown(shared: BlockContext, sample: Value): Value[] {
  const { w, config } = shared;
  const centred = config.center_input_sample ? add(mul(sample, 2), -1) : sample;
  const [first] = config.block_out_channels as [number];
  const skips = [conv(w, "conv_in", centred, first, { kernel: config.conv_in_kernel })];
  const last = config.down_block_types.length - 1;
  downPlans(config).forEach((plan, i) => {
    skips.push(...downBlock(shared, i, skips.at(-1)!, plan, i === last));
  });
  return skips;
}

/**
 * What the network makes of noisy latents on its way down, [N, h, w, channels] each, finest first: features of them.
 *
 * Throws FollowspotError when an input's shape or a weight does not fit the configuration.
 */
export function unetFeatures(w: Weights, config: UNetConfig, inputs: UNetInputs): Value[] {
  checkInputs(config, inputs);
  return wayDown(sharedBy(w, config, inputs), inputs.sample);
}

/**
 * The network's prediction for noisy latents: [N, H, W, in_channels] -> [N, H, W, out_channels].
 * What it predicts (noise, velocity or picture) is the scheduler's to say.
 *
 * Throws FollowspotError when an input's shape or a weight does not fit the configuration.
 */
export function unet(w: Weights, config: UNetConfig, inputs: UNetInputs): Value {
  checkInputs(config, inputs);
  const shared = sharedBy(w, config, inputs);
  const skips = wayDown(shared, inputs.sample);
  let h = midBlock(shared, skips.at(-1)!, downPlans(config).at(-1)!);
  upPlans(config).forEach((plan, i) => {
    h = upBlock(shared, i, h, plan, skips);
  });
  const norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  h = silu(groupNorm(w, "conv_norm_out", h, norm));
  const { conv_out_kernel: kernel, out_channels: outChannels } = config;
  return conv(w, "conv_out", h, outChannels, { kernel, init: ZEROS });
}
