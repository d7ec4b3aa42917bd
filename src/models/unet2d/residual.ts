// The residual block of UNet2DModel: the timestep shifts or also scales, the block may halve or double the picture,
// and activations may be dropped by a mask.

import { add, mean, mul, reshape, silu, slice } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { conv, upsampleNearest2x } from "../../nn/conv.js";
import { ZEROS } from "../../nn/init.js";
import { linear } from "../../nn/linear.js";
import { groupNorm } from "../../nn/norm.js";
import type { GroupNormOptions } from "../../nn/norm.js";
import type { Weights } from "../../nn/weights.js";

/** Drops activations [N, H, W, C] of the block of that name: the identity, or a product with a mask. */
export type Dropout = (name: string, x: Value) => Value;

export interface Residual2DOptions extends GroupNormOptions {
  readonly outChannels: number;
  /** The timestep's embedding, [N, k]. */
  readonly timestep: Value;
  /** Whether the timestep scales as well as shifts. */
  readonly scaleShift: boolean;
  /** Halves or doubles both sides; neither when absent. */
  readonly resample?: "down" | "up" | undefined;
  /** Divides the sum of both branches; 1 when absent. */
  readonly outputScale?: number;
  /** Nothing is dropped when absent. */
  readonly dropout?: Dropout | undefined;
}

/** Means of 2 x 2 cells: [N, H, W, C] -> [N, H / 2, W / 2, C]. */
export function halve(x: Value): Value {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const cells = reshape(x, [(n * height) / 2, 2, width / 2, 2, channels]);
  return reshape(mean(cells, { axes: [1, 3] }), [n, height / 2, width / 2, channels]);
}

const RESAMPLE = { down: halve, up: upsampleNearest2x } as const;

/**
 * x + conv(silu(norm(conv(silu(norm(x))) + timestep))): [N, H, W, C] -> [N, H', W', outChannels].
 * The last convolution starts at 0, so that an untrained block passes its input through.
 */
export function residual2d(w: Weights, name: string, x: Value, options: Residual2DOptions): Value {
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
function timed(w: Weights, name: string, x: Value, options: Residual2DOptions): Value {
  const { outChannels, timestep, scaleShift } = options;
  const width = scaleShift ? 2 * outChannels : outChannels;
  const projected = linear(w, `${name}.time_emb_proj`, silu(timestep), width);
  const rows = reshape(projected, [-1, 1, 1, width]);
  if (!scaleShift) {
    const shift = (bias: Value): Value => add(rows, bias);
    const h = conv(w, `${name}.conv1`, x, outChannels, { shift });
    return groupNorm(w, `${name}.norm2`, h, options);
  }
  const h = groupNorm(w, `${name}.norm2`, conv(w, `${name}.conv1`, x, outChannels), options);
  const scale = add(slice(rows, 3, 0, outChannels), 1);
  return add(mul(h, scale), slice(rows, 3, outChannels, width));
}
