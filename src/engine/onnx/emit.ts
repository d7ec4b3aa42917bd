// How each operator becomes ONNX nodes; complete by type.

import { sizeOf } from "../../core/shape.js";
import type { OperatorAttributes, OperatorName } from "../operators.js";
import type { Value } from "../graph.js";
import { emitAttention, emitMatMul } from "./emit-linear.js";
import { emitConvolution } from "./emit-convolution.js";
import { emitReduceSum } from "./emit-reduction.js";
import { ELEMENT_TYPES } from "./builder.js";
import type { OnnxBuilder } from "./builder.js";

/** Emits the nodes of one value; the last one must be named `builder.nameOf(value)`. */
export type Emission<K extends OperatorName> = (value: Value<K>, builder: OnnxBuilder) => void;

const names = (value: Value, builder: OnnxBuilder): string[] =>
  value.inputs.map((input) => builder.nameOf(input));

type PlainOp = {
  [K in OperatorName]: object extends OperatorAttributes[K] ? K : never;
}[OperatorName];

// Operators that bear ONNX's name and need no attribute.
const plain: Emission<OperatorName> = (value, builder) => {
  builder.node(value.op, names(value, builder), {}, { output: builder.nameOf(value) });
};

const withConstants =
  <K extends OperatorName>(
    constants: (value: Value<K>, builder: OnnxBuilder) => string[],
  ): Emission<K> =>
  (value, builder) => {
    const inputs = [...names(value, builder), ...constants(value, builder)];
    builder.node(value.op, inputs, {}, { output: builder.nameOf(value) });
  };

/** What differentiation alone looks at. */
const identity: Emission<OperatorName> = (value, builder) => {
  builder.node("Identity", names(value, builder), {}, { output: builder.nameOf(value) });
};

const plainOps: Record<PlainOp, Emission<OperatorName>> = {
  Neg: plain,
  Exp: plain,
  Log: plain,
  Sqrt: plain,
  Reciprocal: plain,
  Erf: plain,
  Sin: plain,
  Cos: plain,
  Sigmoid: plain,
  Tanh: plain,
  Relu: plain,
  Abs: plain,
  Sign: plain,
  StopGradient: identity,
  Gelu: plain,
  Add: plain,
  Sub: plain,
  Mul: plain,
  Div: plain,
  Pow: plain,
  Max: plain,
  Min: plain,
  Less: plain,
  LessOrEqual: plain,
  Equal: plain,
  Where: plain,
  Softmax: plain,
};

export const emissions: { readonly [K in OperatorName]: Emission<K> } = {
  ...plainOps,
  Input: () => undefined,
  Constant: (value, builder) => {
    builder.initializer(builder.nameOf(value), value.attributes.value);
  },
  External: (value, builder) => builder.external(value),
  Swish: (value, builder) => {
    const alpha = { float: value.attributes.alpha };
    const options = { output: builder.nameOf(value), domain: "com.microsoft" };
    builder.node("QuickGelu", names(value, builder), { alpha }, options);
  },
  Cast: (value, builder) => {
    const to = ELEMENT_TYPES[value.attributes.to];
    builder.node("Cast", names(value, builder), { to }, { output: builder.nameOf(value) });
  },
  ReduceSum: emitReduceSum,
  ReduceMax: (value, builder) => {
    const { axes, keepDims } = value.attributes;
    const inputs = [...names(value, builder), builder.integers(axes)];
    builder.node(
      "ReduceMax",
      inputs,
      { keepdims: Number(keepDims) },
      { output: builder.nameOf(value) },
    );
  },
  Reshape: withConstants<"Reshape">(({ attributes }, builder) => [
    builder.integers(attributes.shape),
  ]),
  Transpose: (value, builder) => {
    const { perm } = value.attributes;
    builder.node("Transpose", names(value, builder), { perm }, { output: builder.nameOf(value) });
  },
  Concat: (value, builder) => {
    const { axis } = value.attributes;
    builder.node("Concat", names(value, builder), { axis }, { output: builder.nameOf(value) });
  },
  Slice: withConstants<"Slice">(({ attributes: { axis, start, end } }, builder) =>
    [[start], [end], [axis]].map((values) => builder.integers(values)),
  ),
  Pad: withConstants<"Pad">(({ attributes }, builder) => [
    builder.integers([...attributes.before, ...attributes.after]),
  ]),
  Expand: withConstants<"Expand">(({ attributes }, builder) => [
    builder.integers(attributes.shape),
  ]),
  Gather: (value, builder) => {
    const { axis } = value.attributes;
    builder.node("Gather", names(value, builder), { axis }, { output: builder.nameOf(value) });
  },
  ScatterAdd: emitScatterAdd,
  MatMul: emitMatMul,
  Attention: emitAttention,
  Conv2d: emitConvolution,
  Conv2dInputGradient: emitConvolution,
  Conv2dWeightGradient: (value) => {
    throw new Error(
      `${value.op}: no provider has a kernel for it, lower the graph to columns first`,
    );
  },
};

/** ScatterElements, whose CPU kernel adds in order: that of ScatterND loses sums that threads add at once. */
function emitScatterAdd(value: Value<"ScatterAdd">, builder: OnnxBuilder): void {
  const [updates, indices] = value.inputs as [Value, Value];
  const { axis, size } = value.attributes;
  const outer = sizeOf(value.shape.slice(0, axis));
  const inner = sizeOf(value.shape.slice(axis + 1));
  const view = [outer, sizeOf(indices.shape), inner];
  const moved = builder.node("Reshape", [builder.nameOf(updates), builder.integers(view)]);
  const row = builder.node("Reshape", [
    builder.nameOf(indices),
    builder.integers([1, view[1]!, 1]),
  ]);
  const places = builder.node("Expand", [row, builder.integers(view)]);
  const zeros = builder.filled(0, [outer, size, inner]);
  const added = builder.node("ScatterElements", [zeros, places, moved], {
    axis: 1,
    reduction: "add",
  });
  const shape = builder.integers(value.shape);
  builder.node("Reshape", [added, shape], {}, { output: builder.nameOf(value) });
}
