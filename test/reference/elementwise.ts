// Elementwise operators, comparisons, choice and conversion, as the ONNX operator text defines them.

import { broadcastShapes } from "../../src/core/shape.js";
import { float16ToFloat32, float32ToFloat16 } from "../../src/core/float16.js";
import type { DType } from "../../src/core/dtype.js";
import { erf } from "./special.js";
import { broadcastAt, build } from "./tensor.js";
import type { Reference } from "./tensor.js";
import type { ReferenceRule, ReferenceTable } from "./index.js";

type Unary = "Neg" | "Exp" | "Log" | "Sqrt" | "Reciprocal" | "Erf" | "Sin" | "Cos";
type Activation = "Sigmoid" | "Tanh" | "Relu" | "Abs" | "Sign" | "StopGradient" | "Gelu";
type Binary = "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Max" | "Min";
type Compare = "Less" | "LessOrEqual" | "Equal";

type AnyRule = ReferenceRule<Unary | Activation | Binary | Compare>;

const unary =
  (f: (x: number) => number): AnyRule =>
  (_, [x]) => ({ ...x!, data: x!.data.map(f) });

const pairs = (
  dtype: DType,
  a: Reference,
  b: Reference,
  f: (x: number, y: number) => number,
): Reference =>
  build(dtype, broadcastShapes(a.shape, b.shape), (i) => f(broadcastAt(a, i), broadcastAt(b, i)));

const binary =
  (f: (x: number, y: number) => number): AnyRule =>
  (_, [a, b]) =>
    pairs(a!.dtype, a!, b!, f);

const compare =
  (f: (x: number, y: number) => boolean): AnyRule =>
  (_, [a, b]) =>
    pairs("bool", a!, b!, (x, y) => Number(f(x, y)));

/** Division of integers truncates. */
const div: AnyRule = (_, [a, b]) =>
  pairs(a!.dtype, a!, b!, (x, y) => (a!.dtype.startsWith("float") ? x / y : Math.trunc(x / y)));

const conversions: Record<DType, (x: number) => number> = {
  // Rounding to single precision would hide the differences that finite differences measure.
  float32: (x) => x,
  float16: (x) => float16ToFloat32(float32ToFloat16(Float32Array.of(x)))[0]!,
  int64: Math.trunc,
  int32: (x) => Math.trunc(x) | 0,
  uint8: (x) => Math.trunc(x) & 255,
  bool: (x) => Number(x !== 0),
};

export const elementwiseReference: ReferenceTable<
  Unary | Activation | Binary | Compare | "Swish" | "Where" | "Cast"
> = {
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Erf: unary(erf),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Tanh: unary(Math.tanh),
  Relu: unary((x) => Math.max(0, x)),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  StopGradient: unary((x) => x),
  Gelu: unary((x) => (x / 2) * (1 + erf(x / Math.SQRT2))),
  Swish: ({ attributes: { alpha } }, [x]) => ({
    ...x!,
    data: x!.data.map((e) => e / (1 + Math.exp(-alpha * e))),
  }),
  Add: binary((x, y) => x + y),
  Sub: binary((x, y) => x - y),
  Mul: binary((x, y) => x * y),
  Div: div,
  Pow: binary(Math.pow),
  Max: binary(Math.max),
  Min: binary(Math.min),
  Less: compare((x, y) => x < y),
  LessOrEqual: compare((x, y) => x <= y),
  Equal: compare((x, y) => x === y),
  Where: ({ shape }, [condition, a, b]) =>
    build(a!.dtype, shape, (i) =>
      broadcastAt(condition!, i) ? broadcastAt(a!, i) : broadcastAt(b!, i),
    ),
  Cast: ({ attributes: { to } }, [x]) => ({
    dtype: to,
    shape: x!.shape,
    data: x!.data.map(conversions[to]),
  }),
};
