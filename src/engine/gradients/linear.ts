// Gradients of matrix products, softmax and attention.

import type { Value } from "../graph.js";
import { matmul, mul, sub, sum } from "../functions.js";
import { attentionMaps, mergeHeads, splitHeads } from "../attention.js";
import { sumTo } from "./elementwise.js";
import type { GradientTable } from "./rule.js";

export const linearGradients: GradientTable<"MatMul" | "Softmax" | "Attention"> = {
  // With A' and B' the operands after transposition: dA' = dY B'ᵀ, dB' = A'ᵀ dY.
  MatMul: (y, dy) => {
    const [a, b] = y.inputs as [Value, Value];
    const { transA, transB } = y.attributes;
    const da = transA
      ? matmul(b, dy, { transA: transB, transB: true })
      : matmul(dy, b, { transB: !transB });
    const db = transB
      ? matmul(dy, a, { transA: true, transB: transA })
      : matmul(a, dy, { transA: !transA });
    return [sumTo(da, a.shape), sumTo(db, b.shape)];
  },
  // dx = y ⊙ (dy - Σ dy ⊙ y)
  Softmax: (y, dy) => {
    const inner = sum(mul(dy, y), { axes: [-1], keepDims: true });
    return [mul(y, sub(dy, inner))];
  },
  // The maps are recomputed: fused attention keeps none.
  Attention: (y, dy) => {
    const [q, k, v] = y.inputs as [Value, Value, Value];
    const { heads, scale } = y.attributes;
    const maps = attentionMaps(q, k, { heads, scale });
    const out = splitHeads(dy, heads);
    const values = splitHeads(v, heads);
    const dMaps = matmul(out, values, { transB: true });
    const inner = sum(mul(dMaps, maps), { axes: [-1], keepDims: true });
    const dScores = mul(mul(maps, sub(dMaps, inner)), scale);
    return [
      mergeHeads(matmul(dScores, splitHeads(k, heads))),
      mergeHeads(matmul(dScores, splitHeads(q, heads), { transA: true })),
      mergeHeads(matmul(maps, out, { transA: true })),
    ];
  },
};
