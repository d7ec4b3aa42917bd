// Sums in ONNX. Over rows they are products with a row of ones: ReduceSum is an order of magnitude slower.

import { sizeOf } from "../../core/shape.js";
import type { Value } from "../graph.js";
import type { OnnxBuilder } from "./builder.js";

export function emitReduceSum(value: Value<"ReduceSum">, builder: OnnxBuilder): void {
  const x = value.inputs[0]!;
  const { axes, keepDims } = value.attributes;
  const output = builder.nameOf(value);
  const first = axes[0] ?? 0;
  const last = axes.at(-1) ?? -1;
  const rest = sizeOf(x.shape.slice(last + 1));
  const adjacent = last - first + 1 === axes.length;
  if (!adjacent || rest === 1 || x.dtype !== "float32") {
    const inputs = [builder.nameOf(x), builder.integers(axes)];
    builder.node("ReduceSum", inputs, { keepdims: Number(keepDims) }, { output });
    return;
  }
  const rows = sizeOf(x.shape.slice(first, last + 1));
  const view = [sizeOf(x.shape.slice(0, first)), rows, rest];
  const shaped = builder.node("Reshape", [builder.nameOf(x), builder.integers(view)]);
  const total = builder.node("MatMul", [builder.filled(1, [1, rows]), shaped]);
  builder.node("Reshape", [total, builder.integers(value.shape)], {}, { output });
}
