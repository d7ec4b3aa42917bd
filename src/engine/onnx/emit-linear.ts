// Matrix products and fused attention in ONNX.

import type { Value } from "../graph.js";
import type { OnnxBuilder } from "./builder.js";

/** MatMul, or the provider's FusedMatMul when an operand is transposed. */
export function emitMatMul(value: Value<"MatMul">, builder: OnnxBuilder): void {
  const inputs = value.inputs.map((input) => builder.nameOf(input));
  const { transA, transB } = value.attributes;
  const output = builder.nameOf(value);
  if (!transA && !transB) {
    builder.node("MatMul", inputs, {}, { output });
    return;
  }
  const attributes = { transA: Number(transA), transB: Number(transB) };
  builder.node("FusedMatMul", inputs, attributes, { output, domain: "com.microsoft" });
}

/** The provider's MultiHeadAttention, which keeps no maps. */
export function emitAttention(value: Value<"Attention">, builder: OnnxBuilder): void {
  const { heads, scale } = value.attributes;
  const inputs = value.inputs.map((input) => builder.nameOf(input));
  const attributes = { num_heads: heads, scale: { float: scale } };
  const output = builder.nameOf(value);
  builder.node("MultiHeadAttention", inputs, attributes, { output, domain: "com.microsoft" });
}
