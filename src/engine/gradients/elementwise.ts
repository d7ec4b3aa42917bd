// Gradients of elementwise operators; the derivative stands above each rule that is not plain.

import type { DType } from "../../core/dtype.js";
import type { Shape } from "../../core/shape.js";
import { isOp } from "../graph.js";
import type { Value } from "../graph.js";
import {
  add,
  cast,
  cos,
  div,
  equal,
  erf,
  exp,
  less,
  log,
  mul,
  neg,
  pow,
  reshape,
  sigmoid,
  sign,
  sin,
  sub,
  sum,
  where,
} from "../functions.js";
import type { BinaryOp, CompareOp, UnaryOp } from "../ops/elementwise.js";
import type { GradientTable } from "./rule.js";

type BinaryValue = Value<BinaryOp>;

/** Sums `gradient` over the axes along which `shape` was broadcast: the adjoint of broadcasting. */
export function sumTo(gradient: Value, shape: Shape): Value {
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((extent, i) =>
    i < lead || (shape[i - lead] === 1 && extent !== 1) ? [i] : [],
  );
  return reshape(sum(gradient, { axes }), shape);
}

const isNeverZero = (x: Value): boolean =>
  isOp(x, "Constant") && x.attributes.value.data.every((element) => Number(element) !== 0);

const isFloat = (dtype: DType): boolean => dtype.startsWith("float");

const noGradient = (y: Value): null[] => y.inputs.map(() => null);

const mask = (condition: Value): Value => cast(condition, "float32");

/** A rule that gives each operand its own gradient, then undoes broadcasting. */
const broadcast =
  (rule: (a: Value, b: Value, dy: Value, y: Value) => [Value, Value]) =>
  (y: BinaryValue, dy: Value): Value[] => {
    const [a, b] = y.inputs as [Value, Value];
    const [da, db] = rule(a, b, dy, y);
    return [sumTo(da, a.shape), sumTo(db, b.shape)];
  };

const extremum = (takesFirst: (a: Value, b: Value) => Value) =>
  broadcast((a, b, dy) => {
    // Ties share the gradient, as in PyTorch.
    const tie = mul(mask(equal(a, b)), 0.5);
    const first = add(mask(takesFirst(a, b)), tie);
    return [mul(dy, first), mul(dy, sub(1, first))];
  });

export const elementwiseGradients: GradientTable<
  UnaryOp | BinaryOp | CompareOp | "Swish" | "Where" | "Cast"
> = {
  Neg: (_, dy) => [neg(dy)],
  Exp: (y, dy) => [mul(dy, y)],
  Log: (y, dy) => [div(dy, y.inputs[0]!)],
  // d√x = 1 / (2√x)
  Sqrt: (y, dy) => [div(mul(dy, 0.5), y)],
  // d(1/x) = -(1/x)²
  Reciprocal: (y, dy) => [neg(mul(dy, mul(y, y)))],
  // d erf(x) = 2/√π e^(-x²)
  Erf: (y, dy) => {
    const x = y.inputs[0]!;
    return [mul(dy, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))];
  },
  Sin: (y, dy) => [mul(dy, cos(y.inputs[0]!))],
  Cos: (y, dy) => [neg(mul(dy, sin(y.inputs[0]!)))],
  // dσ = σ (1 - σ)
  Sigmoid: (y, dy) => [mul(dy, mul(y, sub(1, y)))],
  // d tanh = 1 - tanh²
  Tanh: (y, dy) => [mul(dy, sub(1, mul(y, y)))],
  Relu: (y, dy) => [mul(dy, mask(less(0, y)))],
  Abs: (y, dy) => [mul(dy, sign(y.inputs[0]!))],
  Sign: noGradient,
  StopGradient: noGradient,
  // d x Φ(x) = Φ(x) + x φ(x) = ½ (1 + erf u + 2/√π u e^(-u²)) with u = x/√2
  Gelu: (y, dy) => {
    const u = mul(y.inputs[0]!, Math.SQRT1_2);
    const density = exp(sub(Math.log(2 / Math.sqrt(Math.PI)), mul(u, u)));
    return [mul(dy, mul(add(add(erf(u), mul(u, density)), 1), 0.5))];
  },
  // d x σ(αx) = σ + α y (1 - σ)
  Swish: (y, dy) => {
    const { alpha } = y.attributes;
    const sigma = sigmoid(mul(y.inputs[0]!, alpha));
    return [mul(dy, add(sigma, mul(mul(y, alpha), sub(1, sigma))))];
  },
  Add: broadcast((_a, _b, dy) => [dy, dy]),
  // The sign changes after broadcasting is undone, where there is less to change.
  Sub: (y, dy) => {
    const [a, b] = y.inputs as [Value, Value];
    return [sumTo(dy, a.shape), neg(sumTo(dy, b.shape))];
  },
  Mul: (y, dy) => {
    const [a, b] = y.inputs as [Value, Value];
    // d x² = 2x dx
    if (a === b) return [mul(mul(dy, 2), a), null];
    return [sumTo(mul(dy, b), a.shape), sumTo(mul(dy, a), b.shape)];
  },
  // d(a/b) = da/b - (a/b) db/b
  Div: broadcast((_a, b, dy, y) => {
    const da = div(dy, b);
    return [da, neg(mul(da, y))];
  }),
  // d(a^b) = b a^(b-1) da + a^b ln a db, with 0 to a where b = 0, and 0 to b where a <= 0
  Pow: broadcast((a, b, dy, y) => {
    const slope = mul(b, pow(a, sub(b, 1)));
    const safe = where(less(0, a), a, 1);
    const da = isNeverZero(b) ? slope : where(equal(b, 0), 0, slope);
    return [mul(dy, da), mul(dy, mul(y, log(safe)))];
  }),
  Max: extremum((a, b) => less(b, a)),
  Min: extremum((a, b) => less(a, b)),
  Less: noGradient,
  LessOrEqual: noGradient,
  Equal: noGradient,
  Where: (y, dy) => {
    const [condition, a, b] = y.inputs as [Value, Value, Value];
    return [null, sumTo(where(condition, dy, 0), a.shape), sumTo(where(condition, 0, dy), b.shape)];
  },
  Cast: (y, dy) => {
    const { dtype } = y.inputs[0]!;
    return [isFloat(dtype) && isFloat(y.attributes.to) ? cast(dy, dtype) : null];
  },
};
