// The operators as functions of values: what layers and gradient rules are written in. Shapes broadcast as NumPy's do;
// all throw an Error, naming the operator, for values that do not fit or are of different graphs.

import { broadcastShapes, normaliseAxis, sameShape, sizeOf } from "../core/shape.js";
import type { DType } from "../core/dtype.js";
import type { Shape } from "../core/shape.js";
import { isOp } from "./graph.js";
import type { Value } from "./graph.js";
import type { BinaryOp, CompareOp, UnaryOp } from "./ops/elementwise.js";

export { conv2d, convTranspose2d } from "./functions-convolution.js";
export type { Conv2dOptions } from "./functions-convolution.js";

/** A value, or a number that becomes a float32 scalar. */
export type Operand = Value | number;

const NONE = {} as const;

/** A function of each element, of any shape, which it keeps. */
const unary =
  (op: UnaryOp) =>
  (x: Value): Value =>
    x.graph.apply(op, [x], NONE);

/** -x. */
export const neg = unary("Neg");
/** e^x. */
export const exp = unary("Exp");
/** Natural logarithm. */
export const log = unary("Log");
/** √x. */
export const sqrt = unary("Sqrt");
/** 1 / x. */
export const reciprocal = unary("Reciprocal");
/** The error function, 2/√π ∫₀ˣ e^(-t²) dt. */
export const erf = unary("Erf");
/** Sine of radians. */
export const sin = unary("Sin");
/** Cosine of radians. */
export const cos = unary("Cos");
/** σ(x) = 1 / (1 + e^-x). */
export const sigmoid = unary("Sigmoid");
/** Hyperbolic tangent. */
export const tanh = unary("Tanh");
/** x where it is above 0, else 0. */
export const relu = unary("Relu");
/** |x|; its gradient at 0 is 0. */
export const abs = unary("Abs");
/** -1, 0 or 1; no gradient anywhere. */
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

/** a - b. */
export const sub = binary("Sub");
/** a / b. */
export const div = binary("Div");
/** a to the power b; where a is 0 or less, b has no gradient. */
export const pow = binary("Pow");
/** The larger of a and b; of equal ones each has half the gradient. */
export const maximum = binary("Max");
/** The smaller of a and b; of equal ones each has half the gradient. */
export const minimum = binary("Min");
const plainAdd = binary("Add");
const plainMul = binary("Mul");

/** a + b; the other one alone where one is the number 0. */
export function add(a: Operand, b: Operand): Value {
  const [x, y] = operands(a, b);
  if (isScalar(x, 0)) return y;
  if (isScalar(y, 0)) return x;
  return plainAdd(x, y);
}

/** a · b, element by element; the other one alone where one is the number 1. */
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

/** Whether a < b, as bool. */
export const less = compare("Less");
/** Whether a <= b, as bool. */
export const lessOrEqual = compare("LessOrEqual");
/** Whether a = b, as bool. */
export const equal = compare("Equal");

/** `a` where `condition` (bool) holds, else `b`; broadcasts. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const lift = (x: Operand): Value => (typeof x === "number" ? condition.graph.scalar(x) : x);
  return condition.graph.apply("Where", [condition, lift(a), lift(b)], NONE);
}

/** The values as another type; what lies between whole numbers is cut off towards 0. */
export function cast(x: Value, to: DType): Value {
  return x.dtype === to ? x : x.graph.apply("Cast", [x], { to });
}

/** What is reduced. */
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

/** Sum over axes. */
export function sum(x: Value, options: ReductionOptions = {}): Value {
  const attributes = reductionAttributes(x, options);
  return attributes.axes.length === 0 ? x : x.graph.apply("ReduceSum", [x], attributes);
}

/** Largest element over axes; of equal ones each has its share of the gradient. */
export function max(x: Value, options: ReductionOptions = {}): Value {
  const attributes = reductionAttributes(x, options);
  return attributes.axes.length === 0 ? x : x.graph.apply("ReduceMax", [x], attributes);
}

/** Mean over axes, of floats. */
export function mean(x: Value, options: ReductionOptions = {}): Value {
  const count = reductionAttributes(x, options).axes.reduce((n, axis) => n * x.shape[axis]!, 1);
  return mul(sum(x, options), 1 / count);
}

/** The same elements in another shape; one extent may be -1: what is left. */
export function reshape(x: Value, shape: Shape): Value {
  const known = shape.reduce((product, extent) => (extent < 0 ? product : product * extent), 1);
  const full = shape.map((extent) => (extent < 0 ? sizeOf(x.shape) / known : extent));
  if (sameShape(full, x.shape)) return x;
  const source = isOp(x, "Reshape") ? x.inputs[0]! : x;
  if (sameShape(full, source.shape)) return source;
  return x.graph.apply("Reshape", [source], { shape: full });
}

/** Axes in another order: axis i of the result is axis perm[i] of x. */
export function transpose(x: Value, perm: readonly number[]): Value {
  return perm.every((axis, i) => axis === i) ? x : x.graph.apply("Transpose", [x], { perm });
}

/**
 * Values behind one another along an axis, negative from the end; they agree in all other extents.
 * Throws when there is none.
 */
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

/** x broadcast to a shape. */
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

/**
 * Matrix products over the last two axes, [..., m, k] and [..., k, n] to [..., m, n]; the axes before them broadcast.
 * `transA` takes `a` as [..., k, m], `transB` takes `b` as [..., n, k]; false when absent.
 *
 * Throws when the inner extents k or the types differ, for values of fewer than two axes, and when batches do not
 * broadcast.
 */
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
