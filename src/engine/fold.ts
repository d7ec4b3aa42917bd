// Constant folding: small constants under elementwise and shape operators become constants themselves.

import { sizeOf, stridesOf } from "../core/shape.js";
import type { Shape } from "../core/shape.js";
import { tensor, zeros } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import { isOp } from "./graph.js";
import type { Value } from "./graph.js";
import type { OperatorName } from "./operators.js";
import { moves } from "./fold-moves.js";
import type { RewriteRule } from "./rewrite.js";

/** Larger results stay computed: a model file should not grow by what a provider makes at once. */
const MOST_ELEMENTS = 4096;

/** The value of an operator applied to constants, or undefined where folding is not exact enough. */
export type Fold = (value: Value, inputs: readonly HostTensor[]) => HostTensor | undefined;

/** Position in `shape` of each element of `to` that it broadcasts to. */
function broadcastPositions(shape: Shape, to: Shape): Uint32Array {
  const strides = stridesOf(shape);
  const lead = to.length - shape.length;
  const toStrides = stridesOf(to);
  return Uint32Array.from({ length: sizeOf(to) }, (_, position) =>
    strides.reduce((offset, stride, axis) => {
      const index = Math.floor(position / toStrides[axis + lead]!) % to[axis + lead]!;
      return shape[axis] === 1 ? offset : offset + index * stride;
    }, 0),
  );
}

const isFloat32 = (x: HostTensor): x is HostTensor<"float32"> => x.dtype === "float32";

/** Each element in single precision, as the providers compute. */
const unary =
  (f: (x: number) => number): Fold =>
  (_, [x]) =>
    x && isFloat32(x) ? tensor("float32", x.shape, x.data.map(f)) : undefined;

const binary =
  (f: (a: number, b: number) => number): Fold =>
  (value, [a, b]) => {
    if (!a || !b || !isFloat32(a) || !isFloat32(b)) return undefined;
    const [atA, atB] = [a, b].map(({ shape }) => broadcastPositions(shape, value.shape));
    const result = zeros("float32", value.shape);
    for (let i = 0; i < result.data.length; i++) {
      result.data[i] = f(a.data[atA![i]!]!, b.data[atB![i]!]!);
    }
    return result;
  };

const compare =
  (f: (a: number, b: number) => boolean): Fold =>
  (value, inputs) => {
    const result = binary((a, b) => Number(f(a, b)))(value, inputs);
    return result && tensor("bool", result.shape, Uint8Array.from(result.data as Float32Array));
  };

const swish: Fold = (value, inputs) => {
  if (!isOp(value, "Swish")) return undefined;
  const { alpha } = value.attributes;
  return unary((x) => x / (1 + Math.exp(-alpha * x)))(value, inputs);
};

/** The chosen elements, of any type. */
const where: Fold = (value, [condition, a, b]) => {
  if (!condition || !a || !b) return undefined;
  const at = [condition, a, b].map(({ shape }) => broadcastPositions(shape, value.shape));
  const result = zeros(a.dtype, value.shape);
  for (let i = 0; i < result.data.length; i++) {
    result.data[i] = condition.data[at[0]![i]!] ? a.data[at[1]![i]!]! : b.data[at[2]![i]!]!;
  }
  return result;
};

/** To single precision from what holds numbers, and from single precision to truth. */
const cast: Fold = (value, [x]) => {
  if (!x || x.dtype === "float16" || !isOp(value, "Cast")) return undefined;
  const numbers = Array.from<number | bigint, number>(x.data, Number);
  const { to } = value.attributes;
  if (to === "float32") return tensor(to, x.shape, Float32Array.from(numbers));
  if (to !== "bool") return undefined;
  return tensor(
    to,
    x.shape,
    Uint8Array.from(numbers, (n) => Number(n !== 0)),
  );
};

const folds: { readonly [K in OperatorName]?: Fold } = {
  ...moves,
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Tanh: unary(Math.tanh),
  Relu: unary((x) => Math.max(0, x)),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  StopGradient: unary((x) => x),
  Swish: swish,
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Pow: binary(Math.pow),
  Max: binary(Math.max),
  Min: binary(Math.min),
  Less: compare((a, b) => a < b),
  LessOrEqual: compare((a, b) => a <= b),
  Equal: compare((a, b) => a === b),
  Where: where,
  Cast: cast,
};

/**
 * Replaces an operator on constants by its result of at most 4096 elements. Results are those of the
 * providers, but for the last digit of transcendental functions.
 */
export const foldConstants: RewriteRule = (value, inputs, target) => {
  const fold = folds[value.op];
  if (!fold || sizeOf(value.shape) > MOST_ELEMENTS) return undefined;
  const constants = inputs.flatMap((x) => (isOp(x, "Constant") ? [x.attributes.value] : []));
  if (constants.length < inputs.length) return undefined;
  if (constants.some(({ shape }) => sizeOf(shape) > MOST_ELEMENTS)) return undefined;
  const result = fold(value, constants);
  return result && target.constant(result);
};
