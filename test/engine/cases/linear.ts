// Matrix products, softmax, attention and the norms that layers compose.

import * as f from "../../../src/engine/functions.js";
import { attend, attentionMaps } from "../../../src/engine/attention.js";
import type { Value } from "../../../src/engine/graph.js";
import { gradient } from "../../../src/engine/gradient.js";
import { caseOf } from "./case.js";

const QKV = { q: [2, 3, 4], k: [2, 5, 4], v: [2, 5, 6] };

function layerNorm(x: Value): Value {
  const centred = f.sub(x, f.mean(x, { axes: [-1], keepDims: true }));
  const variance = f.mean(f.mul(centred, centred), { axes: [-1], keepDims: true });
  return f.div(centred, f.sqrt(f.add(variance, 1e-5)));
}

/** The gradient of Σ y² / 2 to x, as a value that is differentiated again. */
function gradientOfSquare(y: Value, x: Value): Value {
  return gradient(f.mul(f.sum(f.mul(y, y)), 0.5), [x])[0]!;
}

const products = [
  caseOf("matmul", { a: [2, 3], b: [3, 4] }, ({ a, b }) => f.matmul(a, b)),
  caseOf("matmul aᵀ", { a: [3, 2], b: [3, 4] }, ({ a, b }) => f.matmul(a, b, { transA: true })),
  caseOf("matmul bᵀ", { a: [2, 3], b: [4, 3] }, ({ a, b }) => f.matmul(a, b, { transB: true })),
  caseOf("matmul aᵀ bᵀ", { a: [3, 2], b: [4, 3] }, ({ a, b }) =>
    f.matmul(a, b, { transA: true, transB: true }),
  ),
  caseOf("matmul of a value and itself", { a: [3, 2] }, ({ a }) =>
    f.matmul(a, a, { transB: true }),
  ),
  caseOf("matmul of a row and a column", { a: [1, 3], b: [3, 1] }, ({ a, b }) => f.matmul(a, b)),
  caseOf("matmul of batches", { a: [2, 2, 3], b: [2, 3, 2] }, ({ a, b }) => f.matmul(a, b)),
  caseOf("matmul of batches aᵀ", { a: [2, 3, 2], b: [2, 3, 2] }, ({ a, b }) =>
    f.matmul(a, b, { transA: true }),
  ),
  caseOf("matmul of batches bᵀ", { a: [2, 2, 3], b: [2, 4, 3] }, ({ a, b }) =>
    f.matmul(a, b, { transB: true }),
  ),
  caseOf("matmul of batches aᵀ bᵀ", { a: [2, 3, 2], b: [2, 4, 3] }, ({ a, b }) =>
    f.matmul(a, b, { transA: true, transB: true }),
  ),
  caseOf("matmul of a batch and a matrix", { a: [2, 2, 3], b: [3, 4] }, ({ a, b }) =>
    f.matmul(a, b),
  ),
  caseOf("matmul of a batch and a matrix bᵀ", { a: [2, 2, 3], b: [4, 3] }, ({ a, b }) =>
    f.matmul(a, b, { transB: true }),
  ),
  caseOf("matmul of a batch aᵀ and a matrix", { a: [2, 3, 2], b: [3, 4] }, ({ a, b }) =>
    f.matmul(a, b, { transA: true }),
  ),
  caseOf("matmul of a matrix aᵀ and a batch", { a: [3, 2], b: [2, 3, 4] }, ({ a, b }) =>
    f.matmul(a, b, { transA: true }),
  ),
  caseOf("matmul with broadcast batches", { a: [2, 1, 2, 3], b: [3, 3, 2] }, ({ a, b }) =>
    f.matmul(a, b),
  ),
  caseOf("matmul with broadcast batches bᵀ", { a: [2, 1, 2, 3], b: [1, 3, 2, 3] }, ({ a, b }) =>
    f.matmul(a, b, { transB: true }),
  ),
];

const attentions = [
  caseOf("softmax", { x: [2, 3, 4] }, ({ x }) => f.softmax(x)),
  caseOf("softmax of one entry", { x: [3, 1] }, ({ x }) => f.softmax(x)),
  caseOf("softmax of large numbers", { x: [3, 4] }, ({ x }) => f.softmax(f.mul(x, 50))),
  caseOf("log softmax", { x: [3, 4] }, ({ x }) => f.log(f.softmax(x))),
  caseOf("attention, one head", QKV, ({ q, k, v }) =>
    f.attention(q, k, v, { heads: 1, scale: 0.5 }),
  ),
  caseOf("attention, two heads", QKV, ({ q, k, v }) =>
    f.attention(q, k, v, { heads: 2, scale: Math.SQRT1_2 }),
  ),
  caseOf("attention to itself", { x: [1, 4, 6] }, ({ x }) =>
    f.attention(x, x, x, { heads: 3, scale: 0.7 }),
  ),
  caseOf("attention to one token", { q: [2, 3, 4], k: [2, 1, 4], v: [2, 1, 4] }, ({ q, k, v }) =>
    f.attention(q, k, v, { heads: 2, scale: 1 }),
  ),
  caseOf("attention in parts", QKV, ({ q, k, v }) =>
    attend(attentionMaps(q, k, { heads: 2, scale: 0.6 }), v),
  ),
  caseOf("attention maps", { q: [2, 3, 4], k: [2, 5, 4] }, ({ q, k }) =>
    attentionMaps(q, k, { heads: 2, scale: 0.6 }),
  ),
  caseOf("layer norm", { x: [3, 6] }, ({ x }) => layerNorm(x)),
];

const second = [
  caseOf("second derivative of matmul", { a: [2, 3], b: [3, 2] }, ({ a, b }) =>
    gradientOfSquare(f.matmul(a, b), a),
  ),
  caseOf("second derivative of matmul aᵀ bᵀ", { a: [3, 2], b: [2, 3] }, ({ a, b }) =>
    gradientOfSquare(f.matmul(a, b, { transA: true, transB: true }), b),
  ),
  caseOf("second derivative of softmax", { x: [2, 4] }, ({ x }) =>
    gradientOfSquare(f.softmax(x), x),
  ),
  caseOf("second derivative of silu", { x: [2, 4] }, ({ x }) => gradientOfSquare(f.silu(x), x)),
  caseOf("second derivative of gelu", { x: [2, 4] }, ({ x }) => gradientOfSquare(f.gelu(x), x)),
  caseOf("second derivative of layer norm", { x: [2, 4] }, ({ x }) =>
    gradientOfSquare(f.mul(layerNorm(x), x), x),
  ),
  caseOf(
    "second derivative of attention",
    { q: [1, 2, 4], k: [1, 3, 4], v: [1, 3, 4] },
    ({ q, k, v }) => gradientOfSquare(f.attention(q, k, v, { heads: 2, scale: 0.5 }), q),
  ),
];

export const linearCases = [...products, ...attentions, ...second];
