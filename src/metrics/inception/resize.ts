// The resize of TensorFlow 1, on which the published Fréchet distances rest: bilinear, corners at
// corners' left, no smoothing (`resize_bilinear` without `align_corners`).

import { floats, integers } from "../../core/tensor.js";
import { add, gather, mul, sub } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";

/** Where each output entry lies between two input entries. */
function steps(input: number, output: number) {
  const scale = Math.fround(input / output);
  const places = Array.from({ length: output }, (_, i) => Math.fround(i * scale));
  const lower = places.map(Math.floor);
  return {
    lower,
    upper: lower.map((i) => Math.min(i + 1, input - 1)),
    between: places.map((place, i) => Math.fround(place - lower[i]!)),
  };
}

/** Resizes one axis of x [N, H, W, C]. */
function along(x: Value, axis: 1 | 2, output: number): Value {
  const { lower, upper, between } = steps(x.shape[axis]!, output);
  const at = (index: readonly number[], side: string): Value =>
    gather(x, x.graph.constant(integers([output], index), `resize ${side} ${axis}`), axis);
  const low = at(lower, "lower");
  const shape = [1, 1, 1, 1];
  shape[axis] = output;
  const share = x.graph.constant(floats(shape, between), `resize share ${axis}`);
  return add(low, mul(sub(at(upper, "upper"), low), share));
}

/** Pictures [N, H, W, C] at `size` x `size`: columns first, then rows, as TensorFlow's kernel goes. */
export function resizeBilinear(x: Value, size: number): Value {
  return along(along(x, 2, size), 1, size);
}
