// Model FLOPs of a graph: two per multiply-add of convolutions, matrix products and attention, nothing else.

import { sizeOf } from "../core/shape.js";
import { isOp, liveValues } from "./graph.js";
import type { Graph, Value } from "./graph.js";

function multiplyAdds(value: Value): number {
  const [a, b] = value.inputs as [Value, Value];
  if (isOp(value, "MatMul")) {
    const inner = value.attributes.transA ? a.shape.at(-2)! : a.shape.at(-1)!;
    return sizeOf(value.shape) * inner;
  }
  if (isOp(value, "Conv2d")) return sizeOf(value.shape) * sizeOf(b.shape.slice(0, 3));
  if (isOp(value, "Conv2dInputGradient")) return sizeOf(a.shape) * sizeOf(b.shape.slice(0, 3));
  if (isOp(value, "Conv2dWeightGradient")) return sizeOf(b.shape) * sizeOf(value.shape.slice(0, 3));
  if (isOp(value, "Attention")) {
    // Q Kᵀ, then the maps times V.
    return sizeOf(a.shape) * b.shape[1]! + sizeOf(value.shape) * b.shape[1]!;
  }
  return 0;
}

/** Model FLOPs of one run of a graph, before it is lowered. */
export function modelFlops(graph: Graph): number {
  return 2 * liveValues(graph).reduce((total, value) => total + multiplyAdds(value), 0);
}
