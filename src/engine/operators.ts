// The operators of the graph: one line each with its attributes. Everything that is complete by type
// (shape inference, gradients, ONNX emission) is a table over these names.

import type { DType } from "../core/dtype.js";
import type { Shape } from "../core/shape.js";
import type { HostTensor } from "../core/tensor.js";

type None = Readonly<Record<never, never>>;

/** Geometry of a 2-D convolution in NHWC: kernel from the weight, padding as top, left, bottom, right. */
export interface ConvolutionGeometry {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
  readonly groups: number;
}

/** Bytes in a file that hold a constant, as ONNX external data. */
export interface ExternalLocation {
  readonly file: string;
  readonly offset: number;
  readonly byteLength: number;
}

export interface OperatorAttributes {
  // Sources
  Input: { readonly name: string };
  Constant: { readonly value: HostTensor };
  External: { readonly location: ExternalLocation };
  // Elementwise
  Neg: None;
  Exp: None;
  Log: None;
  Sqrt: None;
  Reciprocal: None;
  Erf: None;
  Sin: None;
  Cos: None;
  Sigmoid: None;
  Tanh: None;
  Relu: None;
  Abs: None;
  Sign: None;
  /** The value, of which no gradient is taken. */
  StopGradient: None;
  Gelu: None;
  Swish: { readonly alpha: number };
  Add: None;
  Sub: None;
  Mul: None;
  Div: None;
  Pow: None;
  Max: None;
  Min: None;
  // Comparison and choice
  Less: None;
  LessOrEqual: None;
  Equal: None;
  Where: None;
  Cast: { readonly to: DType };
  // Reductions
  ReduceSum: { readonly axes: readonly number[]; readonly keepDims: boolean };
  ReduceMax: { readonly axes: readonly number[]; readonly keepDims: boolean };
  // Shape
  Reshape: { readonly shape: Shape };
  Transpose: { readonly perm: readonly number[] };
  Concat: { readonly axis: number };
  Slice: { readonly axis: number; readonly start: number; readonly end: number };
  Pad: { readonly before: Shape; readonly after: Shape };
  Expand: { readonly shape: Shape };
  Gather: { readonly axis: number };
  ScatterAdd: { readonly axis: number; readonly size: number };
  // Linear algebra
  MatMul: { readonly transA: boolean; readonly transB: boolean };
  Softmax: None;
  Attention: { readonly heads: number; readonly scale: number };
  // Convolution, NHWC with weights [kh, kw, in / groups, out]
  Conv2d: ConvolutionGeometry;
  Conv2dInputGradient: ConvolutionGeometry & { readonly inputShape: Shape };
  Conv2dWeightGradient: ConvolutionGeometry & { readonly weightShape: Shape };
}

export type OperatorName = keyof OperatorAttributes;
