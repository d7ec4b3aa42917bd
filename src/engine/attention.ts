// Attention in parts: the maps as a value, for whoever reads, edits or differentiates them.

import type { Value } from "./graph.js";
import { matmul, mul, reshape, softmax, transpose } from "./functions.js";

export interface AttentionOptions {
  readonly heads: number;
  /** Factor of the scores, usually 1 / √(head width). */
  readonly scale: number;
}

/** [N, T, heads·d] -> [N, heads, T, d]. */
export function splitHeads(x: Value, heads: number): Value {
  const [n, t, width] = x.shape as [number, number, number];
  return transpose(reshape(x, [n, t, heads, width / heads]), [0, 2, 1, 3]);
}

/** [N, heads, T, d] -> [N, T, heads·d]. */
export function mergeHeads(x: Value): Value {
  const [n, heads, t, width] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [n, t, heads * width]);
}

/** softmax(scale · Q Kᵀ), [N, heads, Tq, Tk]: each query's row sums to 1. */
export function attentionMaps(q: Value, k: Value, { heads, scale }: AttentionOptions): Value {
  const scores = matmul(splitHeads(mul(q, scale), heads), splitHeads(k, heads), { transB: true });
  return softmax(scores);
}

/** The values weighted by the maps: [N, heads, Tq, Tk], [N, Tk, heads·e] -> [N, Tq, heads·e]. */
export function attend(maps: Value, v: Value): Value {
  return mergeHeads(matmul(maps, splitHeads(v, maps.shape[1]!)));
}
