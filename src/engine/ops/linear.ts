// Types of matrix products, softmax and fused attention.

import { broadcastShapes, formatShape } from "../../core/shape.js";
import type { ValueType } from "../graph.js";
import { expectArity } from "./rule.js";
import type { InferenceTable } from "./rule.js";

export const linearTypes: InferenceTable<"MatMul" | "Softmax" | "Attention"> = {
  MatMul: (inputs, { transA, transB }) => {
    expectArity("MatMul", inputs, 2);
    const [a, b] = inputs as [ValueType, ValueType];
    const [rows, innerA] = transA
      ? [a.shape.at(-1), a.shape.at(-2)]
      : [a.shape.at(-2), a.shape.at(-1)];
    const [innerB, columns] = transB
      ? [b.shape.at(-1), b.shape.at(-2)]
      : [b.shape.at(-2), b.shape.at(-1)];
    if (rows === undefined || columns === undefined || innerA !== innerB || a.dtype !== b.dtype) {
      throw new Error(
        `MatMul: ${formatShape(a.shape)}${transA ? "ᵀ" : ""} and ` +
          `${formatShape(b.shape)}${transB ? "ᵀ" : ""} do not multiply`,
      );
    }
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return { dtype: a.dtype, shape: [...batch, rows, columns] };
  },
  Softmax: (inputs) => {
    expectArity("Softmax", inputs, 1);
    if (inputs[0]!.shape.length === 0) throw new Error("Softmax: expected an axis, got a scalar");
    return inputs[0]!;
  },
  Attention: (inputs, { heads }) => {
    expectArity("Attention", inputs, 3);
    const [q, k, v] = inputs as [ValueType, ValueType, ValueType];
    const fits =
      q.shape.length === 3 &&
      k.shape.length === 3 &&
      v.shape.length === 3 &&
      q.shape[0] === k.shape[0] &&
      k.shape[0] === v.shape[0] &&
      k.shape[1] === v.shape[1] &&
      q.shape[2] === k.shape[2] &&
      q.shape[2]! % heads === 0 &&
      v.shape[2]! % heads === 0;
    if (!fits) {
      throw new Error(
        `Attention: ${[q, k, v].map((x) => formatShape(x.shape)).join(", ")} do not fit ${heads} heads`,
      );
    }
    return { dtype: q.dtype, shape: [q.shape[0]!, q.shape[1]!, v.shape[2]!] };
  },
};
