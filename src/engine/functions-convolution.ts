// Convolutions as functions of values, beside the others in functions.ts.

import type { Value } from "./graph.js";
import type { ConvolutionGeometry } from "./operators.js";

/** The same in both directions of the picture. */
export interface Conv2dOptions {
  /** 1 when absent. */
  readonly stride?: number;
  /** Zeros around the picture: one amount, or top, left, bottom, right; 0 when absent. */
  readonly padding?: number | readonly [number, number, number, number];
  /** 1 when absent. */
  readonly groups?: number;
}

function geometry(options: Conv2dOptions): ConvolutionGeometry {
  const { stride = 1, padding = 0, groups = 1 } = options;
  const sides =
    typeof padding === "number" ? ([padding, padding, padding, padding] as const) : padding;
  return { stride: [stride, stride], padding: sides, groups };
}

/** Convolution of x [N, H, W, I] with weight [kh, kw, I / groups, O]. */
export function conv2d(x: Value, weight: Value, options: Conv2dOptions = {}): Value {
  return x.graph.apply("Conv2d", [x, weight], geometry(options));
}

/** Transposed convolution of y [N, H', W', O] with weight [kh, kw, I / groups, O] to [N, H, W, I]. */
export function convTranspose2d(
  y: Value,
  weight: Value,
  options: Conv2dOptions & { outputSize: readonly [number, number] },
): Value {
  const attributes = geometry(options);
  const channels = weight.shape[2]! * attributes.groups;
  const inputShape = [y.shape[0]!, ...options.outputSize, channels];
  return y.graph.apply("Conv2dInputGradient", [y, weight], { ...attributes, inputShape });
}
