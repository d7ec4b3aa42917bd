// Convolution and resampling of pictures [N, H, W, C].

import { add, concat, conv2d, matmul, reshape, slice } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { fanIn, ZEROS } from "./init.js";
import { biasOf } from "./linear.js";
import type { Initialisation, Weights } from "./weights.js";

export interface ConvOptions {
  /** Height and width of the kernel; 3 when absent. */
  readonly kernel?: number;
  /** 1 when absent. */
  readonly stride?: number;
  /** One amount, or top, left, bottom, right; what keeps the size at stride 1 when absent. */
  readonly padding?: number | readonly [number, number, number, number];
  /** 1 when absent. */
  readonly groups?: number;
  /** True when absent. */
  readonly bias?: boolean;
  /** PyTorch's uniform rule when absent; the bias starts at 0 when this is given. */
  readonly init?: Initialisation;
  /** What is added in place of the bias, given the bias: one pass over the picture instead of two. */
  readonly shift?: (bias: Value) => Value;
}

/** Convolution: [N, H, W, in] -> [N, H', W', outChannels]. */
export function conv(
  w: Weights,
  name: string,
  x: Value,
  outChannels: number,
  options: ConvOptions = {},
): Value {
  const { kernel = 3, stride = 1, groups = 1, bias = true, init } = options;
  const { padding = (kernel - 1) / 2 } = options;
  const inputs = x.shape[3]! / groups;
  const start = fanIn(inputs * kernel * kernel);
  const shape = [outChannels, inputs, kernel, kernel];
  const weight = w.get({
    name: `${name}.weight`,
    role: "convolution",
    shape,
    init: init ?? start,
  });
  const pointwise = kernel === 1 && stride === 1 && padding === 0 && groups === 1;
  const y = pointwise ? mapChannels(x, weight) : conv2d(x, weight, { stride, padding, groups });
  if (!bias) return y;
  const own = biasOf(w, name, outChannels, init ? ZEROS : start);
  return add(y, options.shift ? options.shift(own) : own);
}

/** A convolution of one cell is a matrix product: weight [1, 1, I, O]. */
function mapChannels(x: Value, weight: Value): Value {
  const [, , inputs, outputs] = weight.shape as [number, number, number, number];
  const y = matmul(reshape(x, [-1, inputs]), reshape(weight, [inputs, outputs]));
  return reshape(y, [...x.shape.slice(0, -1), outputs]);
}

/**
 * Each cell becomes 2 x 2 cells: [N, H, W, C] -> [N, 2H, 2W, C].
 * Joining a value with itself copies whole rows, and its gradient is slices and a sum.
 */
export function upsampleNearest2x(x: Value): Value {
  const [n, h, width, c] = x.shape as [number, number, number, number];
  const cells = reshape(x, [n * h * width, 1, c]);
  const rows = reshape(concat([cells, cells], 1), [n * h, 1, 2 * width * c]);
  return reshape(concat([rows, rows], 1), [n, 2 * h, 2 * width, c]);
}

/** Rows and columns from the top left corner: [N, H, W, C] -> [N, height, width, C]. */
export function cropTo(x: Value, height: number, width: number): Value {
  return slice(slice(x, 1, 0, height), 2, 0, width);
}
