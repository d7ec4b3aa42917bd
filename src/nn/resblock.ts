// The residual block of diffusion U-Nets and their autoencoders.

import { add, mul, reshape, silu } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { conv } from "./conv.js";
import { ZEROS } from "./init.js";
import { linear } from "./linear.js";
import { groupNorm } from "./norm.js";
import type { GroupNormOptions } from "./norm.js";
import type { Weights } from "./weights.js";

export interface ResblockOptions extends GroupNormOptions {
  readonly outChannels: number;
  /** The timestep's embedding [N, k], where the block takes one. */
  readonly timestep?: Value | undefined;
  /** Divides the sum of both branches; 1 when absent. */
  readonly outputScale?: number;
}

/**
 * x + conv(silu(norm(conv(silu(norm(x))) + timestep))): [N, H, W, C] -> [N, H, W, outChannels].
 * The last convolution starts at 0, so that an untrained block passes its input through.
 */
export function resblock(w: Weights, name: string, x: Value, options: ResblockOptions): Value {
  const { outChannels, timestep, outputScale = 1 } = options;
  const activated = silu(groupNorm(w, `${name}.norm1`, x, options));
  const shift = (bias: Value): Value => {
    if (!timestep) return bias;
    const projected = linear(w, `${name}.time_emb_proj`, silu(timestep), outChannels);
    return add(reshape(projected, [-1, 1, 1, outChannels]), bias);
  };
  let h = conv(w, `${name}.conv1`, activated, outChannels, { shift });
  h = silu(groupNorm(w, `${name}.norm2`, h, options));
  h = conv(w, `${name}.conv2`, h, outChannels, { init: ZEROS });
  const skip =
    x.shape[3] === outChannels
      ? x
      : conv(w, `${name}.conv_shortcut`, x, outChannels, { kernel: 1 });
  return mul(add(skip, h), 1 / outputScale);
}
