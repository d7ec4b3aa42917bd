// UNet2DModel, the denoiser of pixels (Ho et al. 2020; Dhariwal & Nichol 2021), as a graph.

import { FollowspotError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import { add, mul, silu } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { fusedPolicy } from "../../nn/attention.js";
import type { AttentionPolicy } from "../../nn/attention.js";
import { conv } from "../../nn/conv.js";
import { ZEROS } from "../../nn/init.js";
import { embedding } from "../../nn/linear.js";
import { groupNorm } from "../../nn/norm.js";
import { timestepEmbedding, timestepSinusoids } from "../../nn/timestep.js";
import type { Weights } from "../../nn/weights.js";
import { downBlock2D, midBlock2D, upBlock2D } from "./blocks.js";
import type { BlockContext2D } from "./blocks.js";
import { downPlans2D, strideOf, upPlans2D } from "./config.js";
import type { UNet2DConfig } from "./config.js";
import type { Dropout } from "../../nn/resblock.js";

export interface UNet2DInputs {
  /** Noisy pictures, float32 [N, H, W, in_channels]. */
  readonly sample: Value;
  /** Timesteps, float32 [N]; fractions are allowed. */
  readonly timestep: Value;
  /** Classes, int64 [N], each below num_class_embeds; for networks that have classes, and only for those. */
  readonly classLabels?: Value | undefined;
  /** What each attention site does; fused everywhere when absent. */
  readonly policy?: AttentionPolicy | undefined;
  /** Drops activations in training; nothing is dropped when absent. */
  readonly dropout?: Dropout | undefined;
}

/** What a network makes of its inputs on the way to its output. */
export interface UNet2DStages {
  /** Outputs of the way down in order of computation, conv_in's first: what the way up takes from the end. */
  readonly skips: readonly Value[];
  /** The input of the middle block, the last of `skips`. */
  readonly h: Value;
  /** The output of the middle block. */
  readonly mid: Value;
  /** The embedding of timestep and class, before its activation, [N, k]. */
  readonly temb: Value;
}

export interface UNet2DResult {
  /** [N, H, W, out_channels]. */
  readonly output: Value;
  readonly encoder: UNet2DStages;
}

function checkInputs(config: UNet2DConfig, inputs: UNet2DInputs): void {
  const { sample, timestep, classLabels } = inputs;
  const [n = 0, height = 0, width = 0, channels] = sample.shape;
  const stride = strideOf(config);
  if (
    sample.shape.length !== 4 ||
    channels !== config.in_channels ||
    height % stride !== 0 ||
    width % stride !== 0
  ) {
    throw new FollowspotError(
      `unet2d: sample: expected ?x?x?x${config.in_channels} with sides that are multiples of ${stride}, ` +
        `got ${formatShape(sample.shape)}.`,
    );
  }
  for (const [name, value] of Object.entries({ timestep, classLabels })) {
    if (!value || (value.shape.length === 1 && value.shape[0] === n)) continue;
    throw new FollowspotError(`unet2d: ${name}: expected ${n}, got ${formatShape(value.shape)}.`);
  }
  const { num_class_embeds: classes } = config;
  if ((classes === null) === (classLabels === undefined)) return;
  const [expected, got] = classes === null ? ["no labels", "some"] : ["labels", "none"];
  throw new FollowspotError(`unet2d: classLabels: expected ${expected}, got ${got}.`);
}

function embed(w: Weights, config: UNet2DConfig, { timestep, classLabels }: UNet2DInputs): Value {
  const [first] = config.block_out_channels as [number];
  const width = config.time_embedding_dim ?? 4 * first;
  const sinusoids = timestepSinusoids(timestep, first, {
    flipSinToCos: config.flip_sin_to_cos,
    downscaleFreqShift: config.freq_shift,
  });
  const embedded = timestepEmbedding(w, "time_embedding", sinusoids, width);
  if (!classLabels) return embedded;
  const rows = config.num_class_embeds!;
  return add(embedded, embedding(w, "class_embedding", classLabels, { rows, width }));
}

function sharedBy(w: Weights, config: UNet2DConfig, inputs: UNet2DInputs): BlockContext2D {
  const { policy = fusedPolicy, dropout } = inputs;
  return { w, config, timestep: embed(w, config, inputs), policy, dropout };
}

/** Outputs of the way down in order of computation, conv_in's first. */
function wayDown(shared: BlockContext2D, sample: Value): Value[] {
  const { w, config } = shared;
  const centred = config.center_input_sample ? add(mul(sample, 2), -1) : sample;
  const skips = [conv(w, "conv_in", centred, config.block_out_channels[0]!)];
  downPlans2D(config).forEach((plan, i) => {
    skips.push(...downBlock2D(shared, i, skips.at(-1)!, plan));
  });
  return skips;
}

/**
 * What the way down alone makes of pictures: maps [N, h, w, channels] in order of computation, conv_in's first.
 *
 * Throws as `unet2d`.
 */
export function unet2dFeatures(w: Weights, config: UNet2DConfig, inputs: UNet2DInputs): Value[] {
  checkInputs(config, inputs);
  return wayDown(sharedBy(w, config, inputs), inputs.sample);
}

/**
 * The network's prediction for noisy pictures: [N, H, W, in_channels] -> [N, H, W, out_channels], and what it made on
 * the way. What it predicts (velocity, picture, noise) is the head's to say.
 *
 * Throws FollowspotError when an input's shape or a weight does not fit the configuration.
 */
export function unet2d(w: Weights, config: UNet2DConfig, inputs: UNet2DInputs): UNet2DResult {
  checkInputs(config, inputs);
  const shared = sharedBy(w, config, inputs);
  const skips = wayDown(shared, inputs.sample);
  const h = skips.at(-1)!;
  const mid = midBlock2D(shared, h, downPlans2D(config).at(-1)!);
  const open = [...skips];
  const last = upPlans2D(config).reduce((x, plan, i) => upBlock2D(shared, i, x, plan, open), mid);
  const norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  const activated = silu(groupNorm(w, "conv_norm_out", last, norm));
  const output = conv(w, "conv_out", activated, config.out_channels, { init: ZEROS });
  return { output, encoder: { skips, h, mid, temb: shared.timestep } };
}
