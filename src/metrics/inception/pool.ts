// Pooling of pictures [N, H, W, C], composed: 3x3 windows taken one axis at a time.

import { floats, integers } from "../../core/tensor.js";
import { add, gather, maximum, mul, pad, slice } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";

const SIDE = 3;
const ROWS = 1;
const COLUMNS = 2;

/** Every second of the entries of an axis, from `first` on, `count` of them. */
function everySecond(x: Value, axis: number, first: number, count: number): Value {
  const index = Array.from({ length: count }, (_, i) => first + 2 * i);
  return gather(
    x,
    x.graph.constant(integers([count], index), `every second ${axis} ${first}`),
    axis,
  );
}

/** Maxima of 3x3 windows at stride 2, without padding. */
export function maxPoolHalving(x: Value): Value {
  return [ROWS, COLUMNS].reduce((y, axis) => {
    const count = Math.floor((y.shape[axis]! - SIDE) / 2) + 1;
    return maximum(
      maximum(everySecond(y, axis, 0, count), everySecond(y, axis, 1, count)),
      everySecond(y, axis, 2, count),
    );
  }, x);
}

/** The three entries of an axis around each, with zeros outside. */
function neighbours(x: Value, axis: number): [Value, Value, Value] {
  const extent = x.shape[axis]!;
  const border = x.shape.map((_, i) => (i === axis ? 1 : 0));
  const wide = pad(x, border, border);
  return [x, slice(wide, axis, 0, extent), slice(wide, axis, 2, extent + 2)];
}

/** Maxima of 3x3 windows at stride 1, same size; for values of at least 0, as after ReLU. */
export function maxPoolSame(x: Value): Value {
  return [ROWS, COLUMNS].reduce((y, axis) => {
    const [here, before, after] = neighbours(y, axis);
    return maximum(maximum(here, before), after);
  }, x);
}

/** Means of 3x3 windows at stride 1, same size, over the entries inside the picture. */
export function meanPoolSame(x: Value): Value {
  const sums = [ROWS, COLUMNS].reduce((y, axis) => {
    const [here, before, after] = neighbours(y, axis);
    return add(add(here, before), after);
  }, x);
  const [, height, width] = x.shape as [number, number, number, number];
  const inside = (i: number, extent: number): number =>
    SIDE - (i === 0 ? 1 : 0) - (i === extent - 1 ? 1 : 0);
  const shares = Array.from({ length: height * width }, (_, i) => {
    return 1 / (inside(Math.floor(i / width), height) * inside(i % width, width));
  });
  return mul(sums, x.graph.constant(floats([1, height, width, 1], shares), "window shares"));
}
