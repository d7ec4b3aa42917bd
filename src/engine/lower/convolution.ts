// Convolutions and their gradients as matrix products: columns, or the tiles of minimal filtering where these cost less.

import type { Shape } from "../../core/shape.js";
import { concat, slice } from "../functions.js";
import { isOp } from "../graph.js";
import type { Value } from "../graph.js";
import type { ConvolutionGeometry } from "../operators.js";
import type { RewriteRule } from "../rewrite.js";
import * as columns from "./columns.js";
import { TILE_SIDES } from "./toom-cook.js";
import type { TileSide } from "./toom-cook.js";
import * as winograd from "./winograd.js";

type Size = readonly [number, number];

/** A convolution's sizes: pictures, results, channels in and out, taps. */
export interface ConvolutionSizes {
  readonly pictures: number;
  readonly results: Size;
  readonly channels: Size;
  readonly kernel: Size;
  readonly stride: Size;
  /** Whether the weight lies in the graph, so that its transform is held as long as the session. */
  readonly held: boolean;
}

/** Side of the tiles, or undefined for columns. */
export type Way = (sizes: ConvolutionSizes) => TileSide | undefined;

/** Every convolution by columns. */
export const byColumns: Way = () => undefined;

/** True for the only convolutions that minimal filtering is written for: 3x3 taps, stride 1. */
const fitsTiles = ({ kernel, stride }: ConvolutionSizes): boolean =>
  kernel.every((side) => side === 3) && stride.every((step) => step === 1);

/** Tiles of that side wherever they can be. */
export const inTilesOf =
  (m: TileSide): Way =>
  (sizes) =>
    fitsTiles(sizes) ? m : undefined;

/**
 * Multiply-adds that take the time in which one number goes through memory: about 100 GFLOP/s a core pair against 3
 * billion numbers, as ONNX Runtime's profile shows them at the sizes of the shipped model.
 */
const MOVE = 33;

/** Tiles round a little more than columns do, so they are taken where they save a fifth. */
const WORTHWHILE = 0.8;

/** Costs of one pass in multiply-adds. */
function costOfColumns({ pictures, results, channels, kernel }: ConvolutionSizes): number {
  const cells = pictures * results[0] * results[1];
  const taps = kernel[0] * kernel[1];
  const [i, o] = channels;
  return cells * taps * i * o + MOVE * 2 * cells * taps * i;
}

function costOfTiles(m: TileSide, { pictures, results, channels }: ConvolutionSizes): number {
  const { count } = winograd.tilingOf(m, pictures, results);
  const places = (m + 2) ** 2;
  const [i, o] = channels;
  const products = count * places * (i * o + places * i + m * m * o);
  return products + MOVE * places * (count * (4 * i + 2 * o) + 2 * i * o);
}

/** The way that costs least by count; a held weight's transform may be no larger than those of the pictures. */
export const byCost: Way = (sizes) => {
  if (!fitsTiles(sizes)) return undefined;
  const { channels, pictures, results, held } = sizes;
  const [i, o] = channels;
  let best: { readonly m: TileSide | undefined; readonly cost: number } = {
    m: undefined,
    cost: WORTHWHILE * costOfColumns(sizes),
  };
  for (const m of TILE_SIDES) {
    const { count } = winograd.tilingOf(m, pictures, results);
    if (held && count * (i + o) < i * o) continue;
    const cost = costOfTiles(m, sizes);
    if (cost < best.cost) best = { m, cost };
  }
  return best.m;
};

/** True for a weight that no run changes: a constant, at most cast or laid out anew. */
function isHeld(weight: Value): boolean {
  if (isOp(weight, "Constant") || isOp(weight, "External")) return true;
  const moves = isOp(weight, "Cast") || isOp(weight, "Transpose") || isOp(weight, "Reshape");
  return moves && isHeld(weight.inputs[0]!);
}

/** Runs `rule` per group of channels and puts the results side by side along their last axis. */
function grouped(
  groups: number,
  values: readonly Value[],
  rule: (...parts: Value[]) => Value,
): Value {
  const parts = Array.from({ length: groups }, (_, g) =>
    rule(
      ...values.map((value) => {
        const width = value.shape.at(-1)! / groups;
        return slice(value, -1, g * width, (g + 1) * width);
      }),
    ),
  );
  return concat(parts, -1);
}

function sizesOf(
  pictures: number,
  results: Shape,
  weight: Shape,
  { stride }: ConvolutionGeometry,
  held: boolean,
): ConvolutionSizes {
  const [kh, kw, i, o] = weight as [number, number, number, number];
  const [, h, w] = results as [number, number, number];
  return { pictures, results: [h, w], channels: [i, o], kernel: [kh, kw], stride, held };
}

/** A convolution or a gradient of one in the way that is asked for, or undefined for any other value. */
export function convolutionsToProducts(way: Way): RewriteRule {
  return (value, inputs) => {
    const [a, b] = inputs as [Value, Value];
    if (isOp(value, "Conv2d")) return forward(way, value, a, b);
    if (isOp(value, "Conv2dInputGradient")) return toInput(way, value, a, b);
    if (isOp(value, "Conv2dWeightGradient")) return toWeight(way, value, a, b);
    return undefined;
  };
}

function forward(way: Way, value: Value<"Conv2d">, a: Value, b: Value): Value {
  const { attributes: geometry, shape } = value;
  const [n, h, w] = shape as [number, number, number];
  return grouped(geometry.groups, [a, b], (x, weight) => {
    const m = way(sizesOf(n, shape, weight.shape, geometry, isHeld(b)));
    if (m) return winograd.convolution(x, weight, geometry, [h, w], m);
    return columns.convolution(x, weight, geometry, [h, w]);
  });
}

function toInput(way: Way, value: Value<"Conv2dInputGradient">, a: Value, b: Value): Value {
  const { attributes } = value;
  const { groups, inputShape } = attributes;
  const part = inputShape.with(3, inputShape[3]! / groups);
  return grouped(groups, [a, b], (dy, weight) => {
    const [kh, kw, i, o] = weight.shape as [number, number, number, number];
    const turned = [kh, kw, o, i];
    const m = way(sizesOf(part[0]!, part, turned, attributes, isHeld(b)));
    if (m) return winograd.inputGradient(dy, weight, part, attributes, m);
    return columns.inputGradient(dy, weight, part, attributes);
  });
}

function toWeight(way: Way, value: Value<"Conv2dWeightGradient">, a: Value, b: Value): Value {
  const { attributes } = value;
  const { groups, weightShape } = attributes;
  const part = weightShape.with(3, weightShape[3]! / groups);
  return grouped(groups, [a, b], (x, dy) => {
    const m = way(sizesOf(dy.shape[0]!, dy.shape, part, attributes, false));
    if (m) return winograd.weightGradient(x, dy, part, attributes, m);
    return columns.weightGradient(x, dy, part, attributes);
  });
}
