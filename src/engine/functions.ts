// The operators as functions of values: what layers and gradient rules are written in.

import { broadcastShapes, normaliseAxis, sameShape, sizeOf } from "../core/shape.js";
import type { DType } from "../core/dtype.js";
import type { Shape } from "../core/shape.js";
import { isOp } from "./graph.js";
import type { Value } from "./graph.js";
import type { ConvolutionGeometry } from "./operators.js";
import type { BinaryOp, CompareOp, UnaryOp } from "./ops/elementwise.js";

/** A value, or a number that becomes a float32 scalar. */
export type Operand = Value | number;

const NONE = {} as const;

const unary =
  (op: UnaryOp) =>
  (x: Value): Value =>
    x.graph.apply(op, [x], NONE);

export const neg = unary("Neg");
export const exp = unary("Exp");
export const log = unary("Log");
export const sqrt = unary("Sqrt");
export const reciprocal = unary("Reciprocal");
export const erf = unary("Erf");
export const sin = unary("Sin");
export const cos = unary("Cos");
export const sigmoid = unary("Sigmoid");
export const tanh = unary("Tanh");
export const relu = unary("Relu");
export const abs = unary("Abs");
export const sign = unary("Sign");
/** The value itself, as a constant to differentiation. */
export const stopGradient = unary("StopGradient");
/** Exact GELU, x Φ(x). */
export const gelu = unary("Gelu");

function operands(a: Operand, b: Operand): [Value, Value] {
  const graph = typeof a !== "number" ? a.graph : typeof b !== "number" ? b.graph : undefined;
  if (!graph) throw new Error("binary operator: expected at least one value, got two numbers");
  const lift = (x: Operand): Value => (typeof x === "number" ? graph.scalar(x) : x);
  return [lift(a), lift(b)];
}

// An Expand below a broadcasting operator would only copy, so its source is used instead.
function unexpanded(a: Value, b: Value): [Value, Value] {
  const shape = broadcastShapes(a.shape, b.shape);
  const source = (x: Value): Value => (isOp(x, "Expand") ? x.inputs[0]! : x);
  if (sameShape(broadcastShapes(source(a).shape, b.shape), shape)) a = source(a);
  if (sameShape(broadcastShapes(a.shape, source(b).shape), shape)) b = source(b);
  return [a, b];
}

function isScalar(x: Value, value: number): boolean {
  // Half precision lies on the host as bits, which are no numbers.
  if (!isOp(x, "Constant") || x.shape.length > 0 || x.dtype === "float16") return false;
  return Number(x.attributes.value.data[0]) === value;
}

const binary =
  (op: BinaryOp) =>
  (a: Operand, b: Operand): Value => {
    const [x, y] = unexpanded(...operands(a, b));
    return x.graph.apply(op, [x, y], NONE);
  };

export const sub = binary("Sub");
export const div = binary("Div");
export const pow = binary("Pow");
export const maximum = binary("Max");
export const minimum = binary("Min");
const plainAdd = binary("Add");
const plainMul = binary("Mul");

export function add(a: Operand, b: Operand): Value {
  const [x, y] = operands(a, b);
  if (isScalar(x, 0)) return y;
  if (isScalar(y, 0)) return x;
  return plainAdd(x, y);
}

export function mul(a: Operand, b: Operand): Value {
  const [x, y] = operands(a, b);
  if (isScalar(x, 1)) return y;
  if (isScalar(y, 1)) return x;
  // A number scales a value before it is expanded, where there is less to scale.
  if (isOp(x, "Expand") && y.shape.length === 0) return expand(mul(x.inputs[0]!, y), x.shape);
  return plainMul(x, y);
}

const compare =
  (op: CompareOp) =>
  (a: Operand, b: Operand): Value => {
    const [x, y] = operands(a, b);
    return x.graph.apply(op, [x, y], NONE);
  };

export const less = compare("Less");
export const lessOrEqual = compare("LessOrEqual");
export const equal = compare("Equal");

/** `a` where `condition` (bool) holds, else `b`; broadcasts. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const lift = (x: Operand): Value => (typeof x === "number" ? condition.graph.scalar(x) : x);
  return condition.graph.apply("Where", [condition, lift(a), lift(b)], NONE);
}

export function cast(x: Value, to: DType): Value {
  return x.dtype === to ? x : x.graph.apply("Cast", [x], { to });
}

export interface ReductionOptions {
  /** Axes to reduce, negative from the end; all when absent. */
  readonly axes?: readonly number[];
  /** Keep reduced axes as 1; false when absent. */
  readonly keepDims?: boolean;
}

function reductionAttributes(x: Value, options: ReductionOptions) {
  const axes = (options.axes ?? x.shape.map((_, i) => i)).map((a) =>
    normaliseAxis(a, x.shape.length),
  );
  return { axes: [...new Set(axes)].sort((a, b) => a - b), keepDims: options.keepDims ?? false };
}

export function sum(x: Value, options: ReductionOptions = {}): Value {
  const attributes = reductionAttributes(x, options);
  return attributes.axes.length === 0 ? x : x.graph.apply("ReduceSum", [x], attributes);
}

export function max(x: Value, options: ReductionOptions = {}): Value {
  const attributes = reductionAttributes(x, options);
  return attributes.axes.length === 0 ? x : x.graph.apply("ReduceMax", [x], attributes);
}

export function mean(x: Value, options: ReductionOptions = {}): Value {
  const count = reductionAttributes(x, options).axes.reduce((n, axis) => n * x.shape[axis]!, 1);
  return mul(sum(x, options), 1 / count);
}

/** One extent may be -1: what is left. */
export function reshape(x: Value, shape: Shape): Value {
  const known = shape.reduce((product, extent) => (extent < 0 ? product : product * extent), 1);
  const full = shape.map((extent) => (extent < 0 ? sizeOf(x.shape) / known : extent));
  if (sameShape(full, x.shape)) return x;
  const source = isOp(x, "Reshape") ? x.inputs[0]! : x;
  if (sameShape(full, source.shape)) return source;
  return x.graph.apply("Reshape", [source], { shape: full });
}

export function transpose(x: Value, perm: readonly number[]): Value {
  return perm.every((axis, i) => axis === i) ? x : x.graph.apply("Transpose", [x], { perm });
}

export function concat(values: readonly Value[], axis: number): Value {
  const first = values[0];
  if (!first) throw new Error("concat: expected at least one value, got none");
  if (values.length === 1) return first;
  return first.graph.apply("Concat", values, { axis: normaliseAxis(axis, first.shape.length) });
}

/** Elements `start` to `end` (exclusive) along one axis. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const at = normaliseAxis(axis, x.shape.length);
  if (start === 0 && end === x.shape[at]) return x;
  return x.graph.apply("Slice", [x], { axis: at, start, end });
}

/** Pads with zeros. */
export function pad(x: Value, before: Shape, after: Shape): Value {
  if ([...before, ...after].every((amount) => amount === 0)) return x;
  return x.graph.apply("Pad", [x], { before, after });
}

export function expand(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : x.graph.apply("Expand", [x], { shape });
}

/** Picks entries of `axis` by int64 `indices`; output axes are x[:axis], indices, x[axis+1:]. */
export function gather(x: Value, indices: Value, axis = 0): Value {
  return x.graph.apply("Gather", [x, indices], { axis: normaliseAxis(axis, x.shape.length) });
}

/** Adds `updates` into zeros of extent `size` along `axis`: the adjoint of `gather`. */
export function scatterAdd(updates: Value, indices: Value, axis: number, size: number): Value {
  return updates.graph.apply("ScatterAdd", [updates, indices], { axis, size });
}

export function matmul(
  a: Value,
  b: Value,
  options: { transA?: boolean; transB?: boolean } = {},
): Value {
  const { transA = false, transB = false } = options;
  return a.graph.apply("MatMul", [a, b], { transA, transB });
}

/** Softmax over the last axis. */
export function softmax(x: Value): Value {
  return x.graph.apply("Softmax", [x], NONE);
}

/** Fused multi-head attention: q [N, Tq, heads·d], k [N, Tk, heads·d], v [N, Tk, heads·e] -> [N, Tq, heads·e]. */
export function attention(
  q: Value,
  k: Value,
  v: Value,
  options: { heads: number; scale: number },
): Value {
  return q.graph.apply("Attention", [q, k, v], options);
}

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

/** x σ(αx) (Ramachandran et al. 2017). */
export function swish(x: Value, alpha: number): Value {
  return x.graph.apply("Swish", [x], { alpha });
}

/** x σ(x). */
export function silu(x: Value): Value {
  return swish(x, 1);
}

/** x σ(1.702 x), as in CLIP. */
export function quickGelu(x: Value): Value {
  return swish(x, 1.702);
}

/** Values cut to [low, high]. As in PyTorch, what lies on a bound has no gradient. */
export function clip(x: Value, low: number, high: number): Value {
  return where(lessOrEqual(x, low), low, where(lessOrEqual(high, x), high, x));
}
