// One vector per prompt: the hidden state at its end.

import { floats } from "../../core/tensor.js";
import { cast, equal, less, matmul, max, mul, reshape } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";

/** What transformers wrote as the id before it was corrected; it stands for the largest id of the prompt. */
const LEGACY_END = 2;

/**
 * The hidden states [N, T, D] at the first end token of each prompt, [N, D]. With the legacy
 * `endId` of 2 the end is the first of the largest ids. A prompt without an end gives zeros.
 */
export function poolAtEnd(hidden: Value, ids: Value, endId: number): Value {
  const { graph } = hidden;
  const [n, tokens, width] = hidden.shape as [number, number, number];
  const numbers = cast(ids, "float32");
  const end =
    endId === LEGACY_END ? max(numbers, { axes: [1], keepDims: true }) : graph.scalar(endId);
  const isEnd = cast(equal(numbers, end), "float32");
  // Row i of the product counts the ends before each token.
  const before = Float32Array.from({ length: tokens * tokens }, (_, i) =>
    Math.floor(i / tokens) < i % tokens ? 1 : 0,
  );
  const strictlyBefore = graph.constant(floats([tokens, tokens], before), `before ${tokens}`);
  const isFirst = mul(isEnd, cast(less(matmul(isEnd, strictlyBefore), 0.5), "float32"));
  return reshape(matmul(reshape(isFirst, [n, 1, tokens]), hidden), [n, width]);
}
