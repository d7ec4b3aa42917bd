// Gradients of matrix products, softmax and attention.

import { isOp } from "../graph.js";
import type { Value } from "../graph.js";
import { matmul, mul, sub, sum } from "../functions.js";
import { attentionMaps, mergeHeads, splitHeads } from "../attention.js";
import { sumTo } from "./elementwise.js";
import type { GradientTable } from "./rule.js";

const sumOfProducts = (a: Value, b: Value): Value => sum(mul(a, b), { axes: [-1], keepDims: true });

/**
 * Σ dy ⊙ y over the last axis, for maps y that weight values V: dy is then dO Vᵀ, and the sum that of dO ⊙ y V,
 * which is as much smaller as a head is narrower than the maps (Dao et al. 2022, appendix B.2).
 */
function rowProducts(dy: Value, y: Value): Value {
  if (isOp(dy, "MatMul") && dy.attributes.transB && !dy.attributes.transA) {
    const [gradient, values] = dy.inputs as [Value, Value];
    const weighted = y.graph.find("MatMul", [y, values], { transA: false, transB: false });
    if (weighted) return sumOfProducts(gradient, weighted);
  }
  return sumOfProducts(dy, y);
}

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
  Softmax: (y, dy) => [mul(y, sub(dy, rowProducts(dy, y)))],
  // The maps are recomputed: fused attention keeps none.
  Attention: (y, dy) => {
    const [q, k, v] = y.inputs as [Value, Value, Value];
    const { heads, scale } = y.attributes;
    const maps = attentionMaps(q, k, { heads, scale });
    const out = splitHeads(dy, heads);
    const values = splitHeads(v, heads);
    const dMaps = matmul(out, values, { transB: true });
    const inner = sumOfProducts(dMaps, maps);
    const dScores = mul(mul(maps, sub(dMaps, inner)), scale);
    return [
      mergeHeads(matmul(dScores, splitHeads(k, heads))),
      mergeHeads(matmul(dScores, splitHeads(q, heads), { transA: true })),
      mergeHeads(matmul(maps, out, { transA: true })),
    ];
  },
};
