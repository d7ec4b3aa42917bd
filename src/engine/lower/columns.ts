// Convolution as matrix products: pictures in NHWC become columns by one gather with a constant index,
// so that stride, padding and holes cost nothing and all arithmetic runs at the rate of MatMul.

import { largest } from "../../core/largest.js";
import { integers } from "../../core/tensor.js";
import type { Shape } from "../../core/shape.js";
import { add, gather, matmul, pad, reshape, transpose } from "../functions.js";
import type { Value } from "../graph.js";
import type { ConvolutionGeometry } from "../operators.js";

type Size = readonly [number, number];

/** Where each tap of each output position reads: a row of the picture, or -1 for a zero. */
interface Window {
  readonly key: string;
  readonly output: Size;
  readonly kernel: Size;
  readonly source: (row: number, column: number, tapRow: number, tapColumn: number) => number;
}

/**
 * Columns of x [N, H, W, C] as [N·H'·W', kh·kw·C]. Those of one `pass` are one value, and those of the other are
 * gathered anew: kept from forward to backward they would be a third of a training step's memory.
 */
function columns(x: Value, window: Window, pass: "forward" | "backward" = "forward"): Value {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [oh, ow] = window.output;
  const [kh, kw] = window.kernel;
  if (isIdentity(window, [h, w])) return reshape(x, [n * h * w, c]);
  const index: number[] = [];
  for (let row = 0; row < oh; row++) {
    for (let column = 0; column < ow; column++) {
      for (let tapRow = 0; tapRow < kh; tapRow++) {
        for (let tapColumn = 0; tapColumn < kw; tapColumn++) {
          const source = window.source(row, column, tapRow, tapColumn);
          index.push(source < 0 ? h * w : source);
        }
      }
    }
  }
  // Of another shape, so that neither this graph nor the provider sees equal values to merge.
  const shape = pass === "forward" ? [index.length] : [oh * ow, kh * kw];
  const indices = x.graph.constant(integers(shape, index), `columns ${window.key}`);
  return reshape(gather(withZeroRow(reshape(x, [n, h * w, c])), indices, 1), [
    n * oh * ow,
    kh * kw * c,
  ]);
}

/** True for one tap that reads each pixel in its place. */
function isIdentity({ kernel, output, source }: Window, [h, w]: Size): boolean {
  const sameSize = kernel[0] * kernel[1] === 1 && output[0] === h && output[1] === w;
  // A stride can shrink a picture by what padding added: then the first or last pixel is read elsewhere.
  return sameSize && source(0, 0, 0, 0) === 0 && source(h - 1, w - 1, 0, 0) === h * w - 1;
}

// Reads outside the picture are sent to one row of zeros behind it.
function withZeroRow(rows: Value): Value {
  return pad(rows, [0, 0, 0], [0, 1, 0]);
}

function forwardWindow(
  x: Shape,
  output: Size,
  kernel: Size,
  geometry: ConvolutionGeometry,
): Window {
  const [, h, w] = x as [number, number, number, number];
  const { stride, padding } = geometry;
  return {
    key: `${h} ${w} ${output.join()} ${kernel.join()} ${stride.join()} ${padding.join()}`,
    output,
    kernel,
    source: (row, column, tapRow, tapColumn) => {
      const y = row * stride[0] + tapRow - padding[0];
      const z = column * stride[1] + tapColumn - padding[1];
      return y >= 0 && y < h && z >= 0 && z < w ? y * w + z : -1;
    },
  };
}

/** The window of a unit-stride convolution's input gradient: the kernel turned around. */
function backwardWindow(dy: Shape, output: Size, kernel: Size, padding: readonly number[]): Window {
  const [, h, w] = dy as [number, number, number, number];
  return {
    key: `back ${h} ${w} ${output.join()} ${kernel.join()} ${padding.join()}`,
    output,
    kernel,
    source: (row, column, tapRow, tapColumn) => {
      const y = row - tapRow + padding[0]!;
      const z = column - tapColumn + padding[1]!;
      return y >= 0 && y < h && z >= 0 && z < w ? y * w + z : -1;
    },
  };
}

/** x [N, H, W, I] under weight [kh, kw, I, O]. */
export function convolution(
  x: Value,
  weight: Value,
  geometry: ConvolutionGeometry,
  output: Size,
): Value {
  const [kh, kw, i, o] = weight.shape as [number, number, number, number];
  const taps = columns(x, forwardWindow(x.shape, output, [kh, kw], geometry));
  return reshape(matmul(taps, reshape(weight, [kh * kw * i, o])), [x.shape[0]!, ...output, o]);
}

/** The gradient to a weight of that shape. */
export function weightGradient(
  x: Value,
  dy: Value,
  weight: Shape,
  geometry: ConvolutionGeometry,
): Value {
  const [kh, kw, , o] = weight as [number, number, number, number];
  const [n, oh, ow] = dy.shape as [number, number, number];
  const taps = columns(x, forwardWindow(x.shape, [oh, ow], [kh, kw], geometry), "backward");
  return reshape(matmul(taps, reshape(dy, [n * oh * ow, o]), { transA: true }), weight);
}

/** The gradient to an input of that shape. */
export function inputGradient(
  dy: Value,
  weight: Value,
  inputShape: Shape,
  geometry: ConvolutionGeometry,
): Value {
  const [kh, kw, i, o] = weight.shape as [number, number, number, number];
  const [, h, w] = inputShape as [number, number, number, number];
  const { stride, padding } = geometry;
  if (stride[0] !== 1 || stride[1] !== 1)
    return scatteredGradient(dy, weight, inputShape, geometry);
  const taps = columns(dy, backwardWindow(dy.shape, [h, w], [kh, kw], padding));
  const turned = reshape(transpose(weight, [0, 1, 3, 2]), [kh * kw * o, i]);
  return reshape(matmul(taps, turned), inputShape);
}

/** With a stride, most taps of the turned kernel read holes: multiply first, then add up what lands on a pixel. */
function scatteredGradient(
  dy: Value,
  weight: Value,
  inputShape: Shape,
  geometry: ConvolutionGeometry,
): Value {
  const [kh, kw, i, o] = weight.shape as [number, number, number, number];
  const [n, oh, ow] = dy.shape as [number, number, number];
  const [, h, w] = inputShape as [number, number, number, number];
  const product = matmul(reshape(dy, [n * oh * ow, o]), reshape(weight, [kh * kw * i, o]), {
    transB: true,
  });
  const rows = withZeroRow(reshape(product, [n, oh * ow * kh * kw, i]));
  const landing = landings([oh, ow], [kh, kw], [h, w], geometry);
  const key = `landing ${oh} ${ow} ${kh} ${kw} ${h} ${w} ${geometry.stride.join()} ${geometry.padding.join()}`;
  const parts = landing.map((index, part) =>
    gather(rows, dy.graph.constant(integers([h * w], index), `${key} ${part}`), 1),
  );
  return reshape(
    parts.reduce((total, part) => add(total, part)),
    inputShape,
  );
}

/** For each pixel, the rows (position x tap) that land on it, as few index lists as there are at most. */
function landings(
  output: Size,
  kernel: Size,
  input: Size,
  geometry: ConvolutionGeometry,
): number[][] {
  const [oh, ow] = output;
  const [kh, kw] = kernel;
  const [h, w] = input;
  const lists = Array.from({ length: h * w }, (): number[] => []);
  for (let position = 0; position < oh * ow; position++) {
    for (let tap = 0; tap < kh * kw; tap++) {
      const y =
        Math.floor(position / ow) * geometry.stride[0] + Math.floor(tap / kw) - geometry.padding[0];
      const z = (position % ow) * geometry.stride[1] + (tap % kw) - geometry.padding[1];
      if (y >= 0 && y < h && z >= 0 && z < w) lists[y * w + z]!.push(position * kh * kw + tap);
    }
  }
  const most = largest(
    lists.map((list) => list.length),
    1,
  );
  const zero = oh * ow * kh * kw;
  return Array.from({ length: most }, (_, k) => lists.map((list) => list[k] ?? zero));
}
