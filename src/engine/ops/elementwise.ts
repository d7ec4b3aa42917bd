// Types of elementwise operators, comparisons and choice; binary operators broadcast as NumPy does.

import { broadcastShapes } from "../../core/shape.js";
import type { ValueType } from "../graph.js";
import { expectArity } from "./rule.js";
import type { InferenceTable } from "./rule.js";

export type UnaryOp =
  | "Neg"
  | "Exp"
  | "Log"
  | "Sqrt"
  | "Reciprocal"
  | "Erf"
  | "Sin"
  | "Cos"
  | "Sigmoid"
  | "Tanh"
  | "Relu"
  | "Abs"
  | "Sign"
  | "Gelu"
  | "StopGradient";
export type BinaryOp = "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Max" | "Min";
export type CompareOp = "Less" | "LessOrEqual" | "Equal";

function unary(inputs: readonly ValueType[]): ValueType {
  expectArity("unary operator", inputs, 1);
  return inputs[0]!;
}

function sameDtype(inputs: readonly ValueType[]): ValueType {
  expectArity("binary operator", inputs, 2);
  const [a, b] = inputs as [ValueType, ValueType];
  if (a.dtype !== b.dtype) {
    throw new Error(`binary operator: expected one dtype, got ${a.dtype} and ${b.dtype}`);
  }
  return { dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) };
}

function compare(inputs: readonly ValueType[]): ValueType {
  return { dtype: "bool", shape: sameDtype(inputs).shape };
}

export const elementwiseTypes: InferenceTable<
  UnaryOp | BinaryOp | CompareOp | "Swish" | "Where" | "Cast"
> = {
  Neg: unary,
  Exp: unary,
  Log: unary,
  Sqrt: unary,
  Reciprocal: unary,
  Erf: unary,
  Sin: unary,
  Cos: unary,
  Sigmoid: unary,
  Tanh: unary,
  Relu: unary,
  Abs: unary,
  StopGradient: unary,
  Sign: unary,
  Gelu: unary,
  Swish: unary,
  Add: sameDtype,
  Sub: sameDtype,
  Mul: sameDtype,
  Div: sameDtype,
  Pow: sameDtype,
  Max: sameDtype,
  Min: sameDtype,
  Less: compare,
  LessOrEqual: compare,
  Equal: compare,
  Where: (inputs) => {
    expectArity("Where", inputs, 3);
    const [condition, a, b] = inputs as [ValueType, ValueType, ValueType];
    if (condition.dtype !== "bool") throw new Error(`Where: expected bool, got ${condition.dtype}`);
    const branches = sameDtype([a, b]);
    return { dtype: a.dtype, shape: broadcastShapes(condition.shape, branches.shape) };
  },
  Cast: (inputs, { to }) => ({ dtype: to, shape: unary(inputs).shape }),
};
