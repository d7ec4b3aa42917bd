// The gradient predictor: a second decoder beside a frozen student, told what the picture shows (SFERD, arXiv 2311.03830).

import { FollowspotError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import { silu } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { fusedPolicy } from "../../nn/attention.js";
import type { AttentionPolicy } from "../../nn/attention.js";
import { conv } from "../../nn/conv.js";
import { ZEROS } from "../../nn/init.js";
import { linear } from "../../nn/linear.js";
import { groupNorm } from "../../nn/norm.js";
import type { Weights } from "../../nn/weights.js";
import { downPlans2D, upPlans2D } from "../unet2d/index.js";
import type { Dropout, UNet2DStages } from "../unet2d/index.js";
import { shiftAttention, shiftBlock, shiftUpBlock } from "./blocks.js";
import type { ShiftContext } from "./blocks.js";
import type { GradientPredictorConfig } from "./config.js";

export interface GradientPredictorInputs {
  /** What the frozen student made of the noisy picture. */
  readonly student: UNet2DStages;
  /** What the picture shows, [N, latent_dim]. */
  readonly latent: Value;
  readonly policy?: AttentionPolicy | undefined;
  /** Nothing is dropped when absent. */
  readonly dropout?: Dropout | undefined;
}

/**
 * The change that the knowledge of the picture makes: [N, H, W, in_channels of the student], 0 at first, since the last
 * convolution starts at 0.
 *
 * Throws FollowspotError when the latent does not fit the configuration.
 */
export function gradientPredictor(
  w: Weights,
  { unet: config, latent_dim: width, wiring }: GradientPredictorConfig,
  { student, latent, policy = fusedPolicy, dropout = (_name, x) => x }: GradientPredictorInputs,
): Value {
  if (latent.shape.length !== 2 || latent.shape[1] !== width) {
    throw new FollowspotError(
      `gradient predictor: latent: expected ?x${width}, got ${formatShape(latent.shape)}.`,
    );
  }
  const zemb = linear(w, "latent_embedding", latent, student.temb.shape[1]!);
  const shared: ShiftContext = { w, config, temb: student.temb, zemb, policy, dropout };
  const start = wiring === "code" ? shiftMiddle(shared, student.h) : student.mid;
  const skips = [...student.skips];
  const last = upPlans2D(config).reduce(
    (x, plan, i) => shiftUpBlock(shared, i, x, plan, skips),
    start,
  );
  const norm = { groups: config.norm_num_groups, eps: config.norm_eps };
  const activated = silu(groupNorm(w, "shift_norm_out", last, norm));
  return conv(w, "shift_conv_out", activated, config.in_channels, { init: ZEROS });
}

/** A middle of its own, on the input of the student's. */
function shiftMiddle(shared: ShiftContext, x: Value): Value {
  const { channels: outChannels, heads } = downPlans2D(shared.config).at(-1)!;
  const h = shiftBlock(shared, "shift_mid.resnets.0", x, { outChannels });
  const mixed = shiftAttention(shared, "shift_mid.attentions.0", "shift.mid.attn.0", h, heads);
  return shiftBlock(shared, "shift_mid.resnets.1", mixed, { outChannels });
}
