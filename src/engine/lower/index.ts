// From the graph that a model is built in to the graph that a provider runs.

import { foldConstants } from "../fold.js";
import type { Graph } from "../graph.js";
import { rewrite } from "../rewrite.js";
import type { RewriteRule } from "../rewrite.js";
import { convolutionsToColumns } from "./columns.js";
import { portable } from "./portable.js";
import { forWebGpu, groupedAdjointsToColumns } from "./webgpu.js";

export interface LowerOptions {
  /** Convolution as gathers and matrix products, or by the provider's kernel; "columns" when absent. */
  readonly convolution?: "columns" | "native";
  /** Whether the provider has the com.microsoft kernels FusedMatMul and MultiHeadAttention; true when absent. */
  readonly fused?: boolean;
  /** Whether the provider is WebGPU, whose kernels are fewer and less exact; false when absent. */
  readonly webgpu?: boolean;
}

/** Lowers a graph for a provider. A weight's gradient has no native kernel: train with "columns". */
export function lower(graph: Graph, options: LowerOptions = {}): Graph {
  const { convolution = "columns", fused = true, webgpu = false } = options;
  const rules: RewriteRule[] = convolution === "columns" ? [convolutionsToColumns] : [];
  if (webgpu) rules.push(groupedAdjointsToColumns);
  // What folding leaves without a reader drops out in the rounds that follow.
  const columns = rewrite(graph, ...rules, foldConstants);
  // The parts of attention hold transposed products themselves, hence two rounds.
  const plain = fused ? rewrite(columns) : rewrite(rewrite(columns, portable), portable);
  return webgpu ? rewrite(plain, forWebGpu) : plain;
}
