// Convolutions of every geometry, their adjoints, and derivatives of their derivatives.

import * as f from "../../../src/engine/functions.js";
import type { Conv2dOptions } from "../../../src/engine/functions.js";
import type { Value } from "../../../src/engine/graph.js";
import { gradient } from "../../../src/engine/gradient.js";
import { caseOf } from "./case.js";
import type { OperatorCase } from "./case.js";

function convolution(name: string, x: number[], w: number[], options: Conv2dOptions): OperatorCase {
  return caseOf(`conv2d ${name}`, { x, w }, (at) => f.conv2d(at.x, at.w, options));
}

function transposed(
  name: string,
  y: number[],
  w: number[],
  outputSize: [number, number],
  options: Conv2dOptions,
): OperatorCase {
  return caseOf(`conv transpose ${name}`, { y, w }, (at) =>
    f.convTranspose2d(at.y, at.w, { ...options, outputSize }),
  );
}

/** Half the sum of squares: its gradient is linear in y, so that a second derivative is not zero. */
const energy = (y: Value): Value => f.mul(f.sum(f.mul(y, y)), 0.5);

const first = [
  convolution("3x3", [2, 4, 5, 2], [3, 3, 2, 3], { padding: 1 }),
  convolution("3x3 unpadded", [1, 5, 4, 2], [3, 3, 2, 2], {}),
  convolution("3x3 stride 2 pad 1", [2, 4, 6, 2], [3, 3, 2, 2], { stride: 2, padding: 1 }),
  convolution("3x3 stride 2 pad 1, odd size", [1, 5, 7, 2], [3, 3, 2, 2], {
    stride: 2,
    padding: 1,
  }),
  convolution("3x3 stride 2, padded behind only", [1, 4, 6, 2], [3, 3, 2, 2], {
    stride: 2,
    padding: [0, 0, 1, 1],
  }),
  convolution("3x3, four different paddings", [1, 4, 4, 1], [3, 3, 1, 2], {
    padding: [2, 0, 1, 3],
  }),
  convolution("2x2 stride 2, a row left over", [1, 5, 5, 2], [2, 2, 2, 2], { stride: 2 }),
  convolution("3x3 stride 3", [1, 7, 6, 1], [3, 3, 1, 2], { stride: 3, padding: 1 }),
  convolution("2x2 stride 3: gaps", [1, 6, 7, 1], [2, 2, 1, 2], { stride: 3 }),
  convolution("1x1", [2, 3, 4, 3], [1, 1, 3, 2], {}),
  convolution("1x1 stride 2", [1, 4, 5, 2], [1, 1, 2, 3], { stride: 2 }),
  convolution("1x1 pad 1", [1, 3, 3, 2], [1, 1, 2, 2], { padding: 1 }),
  convolution("1x1 stride 2 pad 1, same size", [1, 3, 3, 2], [1, 1, 2, 2], {
    stride: 2,
    padding: 1,
  }),
  convolution("1x1 stride 2, padded before only", [1, 2, 2, 2], [1, 1, 2, 2], {
    stride: 2,
    padding: [1, 0, 0, 0],
  }),
  convolution("1x3", [1, 3, 5, 2], [1, 3, 2, 2], { padding: [0, 1, 0, 1] }),
  convolution("4x2", [1, 5, 4, 1], [4, 2, 1, 2], { padding: [1, 0, 2, 1] }),
  convolution("5x5 over 3x3", [1, 3, 3, 1], [5, 5, 1, 1], { padding: 2 }),
  convolution("3x3 of one pixel", [1, 1, 1, 2], [3, 3, 2, 2], { padding: 1 }),
  convolution("as large as the picture", [2, 3, 4, 2], [3, 4, 2, 3], {}),
  convolution("3x3, 2 groups", [1, 4, 4, 4], [3, 3, 2, 6], { padding: 1, groups: 2 }),
  convolution("3x3 stride 2, 2 groups", [1, 5, 4, 4], [3, 3, 2, 2], {
    stride: 2,
    padding: 1,
    groups: 2,
  }),
  convolution("1x1, 3 groups", [1, 2, 3, 3], [1, 1, 1, 6], { groups: 3 }),
  convolution("3x3 depthwise", [1, 4, 4, 3], [3, 3, 1, 3], { padding: 1, groups: 3 }),
];

const adjoint = [
  transposed("3x3", [1, 4, 3, 2], [3, 3, 3, 2], [4, 3], { padding: 1 }),
  transposed("4x4 stride 2 pad 1", [1, 3, 2, 2], [4, 4, 2, 2], [6, 4], { stride: 2, padding: 1 }),
  transposed("3x3 stride 2, with output padding", [1, 2, 3, 2], [3, 3, 2, 2], [4, 6], {
    stride: 2,
    padding: 1,
  }),
  transposed("2x2 stride 2", [2, 2, 3, 2], [2, 2, 3, 2], [4, 6], { stride: 2 }),
  transposed("3x3, four different paddings", [1, 4, 4, 1], [3, 3, 2, 1], [3, 3], {
    padding: [2, 0, 1, 3],
  }),
  transposed("2x2 stride 3: gaps", [1, 2, 2, 1], [2, 2, 2, 1], [6, 7], { stride: 3 }),
  transposed("3x3 stride 2, 2 groups", [1, 2, 2, 4], [3, 3, 1, 4], [4, 3], {
    stride: 2,
    padding: 1,
    groups: 2,
  }),
  transposed("1x1", [1, 3, 3, 2], [1, 1, 3, 2], [3, 3], {}),
];

/** Gradients of `energy(conv)` as values: the harness differentiates them once more, to both operands. */
function second(name: string, x: number[], w: number[], options: Conv2dOptions): OperatorCase[] {
  return (["x", "w"] as const).map((target) =>
    caseOf(`second derivative of conv2d ${name}, first by ${target}`, { x, w }, (at) => {
      const [g] = gradient(energy(f.conv2d(at.x, at.w, options)), [at[target]]);
      return g!;
    }),
  );
}

const seconds = [
  ...second("3x3", [1, 3, 3, 2], [3, 3, 2, 2], { padding: 1 }),
  ...second("3x3 stride 2, odd size", [1, 5, 3, 1], [3, 3, 1, 2], {
    stride: 2,
    padding: [0, 1, 1, 0],
  }),
  ...second("1x1", [1, 2, 3, 2], [1, 1, 2, 2], {}),
  ...second("3x3, 2 groups", [1, 3, 3, 2], [3, 3, 1, 2], { padding: 1, groups: 2 }),
  caseOf("third derivative of conv2d", { x: [1, 3, 3, 1], w: [2, 2, 1, 2] }, ({ x, w }) => {
    const [dw] = gradient(energy(f.conv2d(x, w)), [w]);
    const [dx] = gradient(energy(dw!), [x]);
    return dx!;
  }),
];

export const convolutionCases = [...first, ...adjoint, ...seconds];
