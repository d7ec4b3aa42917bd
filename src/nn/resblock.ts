// The residual block of diffusion U-Nets and their autoencoders: a timestep may shift or also scale, the block may halve
// or double the picture, and activations may be dropped by a mask.

import { add, mean, mul, reshape, silu, slice } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { conv, upsampleNearest2x } from "./conv.js";
import { ZEROS } from "./init.js";
import { linear } from "./linear.js";
import { groupNorm } from "./norm.js";
import type { GroupNormOptions } from "./norm.js";
import type { Weights } from "./weights.js";

/** Drops activations [N, H, W, C] of the block of that name: the identity, or a product with a mask. */
export type Dropout = (name: string, x: Value) => Value;

export interface ResblockOptions extends GroupNormOptions {
  readonly outChannels: number;
  /** The timestep's embedding [N, k], where the block takes one. */
  readonly timestep?: Value | undefined;
  /** Whether the timestep scales as well as shifts; false when absent. */
  readonly scaleShift?: boolean;
  /** Halves or doubles both sides; neither when absent. */
  readonly resample?: "down" | "up" | undefined;
  /** Divides the sum of both branches; 1 when absent. */
  readonly outputScale?: number;
  /** Nothing is dropped when absent. */
  readonly dropout?: Dropout | undefined;
}

/** Means of 2 x 2 cells: [N, H, W, C] -> [N, H / 2, W / 2, C]. */
function halve(x: Value): Value {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const cells = reshape(x, [(n * height) / 2, 2, width / 2, 2, channels]);
  return reshape(mean(cells, { axes: [1, 3] }), [n, height / 2, width / 2, channels]);
}

const RESAMPLE = { down: halve, up: upsampleNearest2x } as const;

/**
 * x + conv(silu(norm(conv(silu(norm(x))) + timestep))): [N, H, W, C] -> [N, H', W', outChannels].
 * The last convolution starts at 0, so that an untrained block passes its input through.
 */
export function resblock(w: Weights, name: string, x: Value, options: ResblockOptions): Value {
  const { outChannels, outputScale = 1, dropout = (_name, h) => h } = options;
  const resample = options.resample ? RESAMPLE[options.resample] : (h: Value): Value => h;
  const activated = resample(silu(groupNorm(w, `${name}.norm1`, x, options)));
  const h = dropout(name, silu(timed(w, name, activated, options)));
  const changed = conv(w, `${name}.conv2`, h, outChannels, { init: ZEROS });
  const input = resample(x);
  const skip =
    input.shape[3] === outChannels
      ? input
      : conv(w, `${name}.conv_shortcut`, input, outChannels, { kernel: 1 });
  return mul(add(skip, changed), 1 / outputScale);
}

/** The first convolution and the second normalisation, with the timestep between or after them. */
function timed(w: Weights, name: string, x: Value, options: ResblockOptions): Value {
  const { outChannels, timestep, scaleShift = false } = options;
  const rows = (width: number): Value | undefined =>
    timestep &&
    reshape(linear(w, `${name}.time_emb_proj`, silu(timestep), width), [-1, 1, 1, width]);
  const shift = (bias: Value): Value => {
    const shifts = scaleShift ? undefined : rows(outChannels);
    return shifts ? add(shifts, bias) : bias;
  };
  const h = conv(w, `${name}.conv1`, x, outChannels, { shift });
  const normed = groupNorm(w, `${name}.norm2`, h, options);
  const both = scaleShift ? rows(2 * outChannels) : undefined;
  if (!both) return normed;
  const scale = add(slice(both, 3, 0, outChannels), 1);
  return add(mul(normed, scale), slice(both, 3, outChannels, 2 * outChannels));
}
