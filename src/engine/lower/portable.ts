// What fused kernels do in one node, in plain operators, for providers without them.

import { attend, attentionMaps } from "../attention.js";
import { add, erf, matmul, mul, sigmoid, transpose } from "../functions.js";
import { isOp } from "../graph.js";
import type { Value } from "../graph.js";
import type { RewriteRule } from "../rewrite.js";

function transposed(x: Value): Value {
  const rank = x.shape.length;
  return transpose(x, [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2));
}

/** Rewrites fused attention, activations and transposed products into what they are composed of. */
export const portable: RewriteRule = (value, inputs) => {
  const [a, b, c] = inputs as [Value, Value, Value];
  if (isOp(value, "Attention")) return attend(attentionMaps(a, b, value.attributes), c);
  if (isOp(value, "Swish")) return mul(a, sigmoid(mul(a, value.attributes.alpha)));
  if (isOp(value, "Gelu")) return mul(mul(a, 0.5), add(erf(mul(a, Math.SQRT1_2)), 1));
  if (isOp(value, "MatMul")) {
    const { transA, transB } = value.attributes;
    if (!transA && !transB) return undefined;
    return matmul(transA ? transposed(a) : a, transB ? transposed(b) : b);
  }
  return undefined;
};
