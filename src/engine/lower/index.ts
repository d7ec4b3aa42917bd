// From the graph that a model is built in to the graph that a provider runs.

import { foldConstants } from "../fold.js";
import type { Graph } from "../graph.js";
import { rewrite } from "../rewrite.js";
import type { RewriteRule } from "../rewrite.js";
import { byColumns, byCost, convolutionsToProducts } from "./convolution.js";
import { portable } from "./portable.js";
import { forWebGpu, groupedAdjointsToColumns } from "./webgpu.js";

/** How convolutions are run; see `LowerOptions`. */
export type ConvolutionLowering = "products" | "columns" | "native";

const CONVOLUTION_RULES: Record<ConvolutionLowering, readonly RewriteRule[]> = {
  products: [convolutionsToProducts(byCost)],
  columns: [convolutionsToProducts(byColumns)],
  native: [],
};

/** What a provider has, and how convolutions are to be run there. */
export interface LowerOptions {
  /**
   * Convolution as matrix products, by columns or by tiles of minimal filtering as these cost less by count; by columns
   * alone; or by the provider's kernel. When absent "products", and "columns" on WebGPU.
   */
  readonly convolution?: ConvolutionLowering;
  /**
   * Whether the provider has the kernels FusedMatMul, MultiHeadAttention and QuickGelu of com.microsoft, and Gelu; true
   * when absent.
   */
  readonly fused?: boolean;
  /** Whether the provider is WebGPU, whose kernels are fewer and less exact; false when absent. */
  readonly webgpu?: boolean;
}

/** Lowers a graph for a provider. A weight's gradient has no native kernel: train with "products". */
export function lower(graph: Graph, options: LowerOptions = {}): Graph {
  const { fused = true, webgpu = false } = options;
  const { convolution = webgpu ? "columns" : "products" } = options;
  const rules = [...CONVOLUTION_RULES[convolution]];
  if (webgpu) rules.push(groupedAdjointsToColumns);
  // What folding leaves without a reader drops out in the rounds that follow.
  const products = rewrite(graph, ...rules, foldConstants);
  // The parts of attention hold transposed products themselves, hence two rounds.
  const plain = fused ? rewrite(products) : rewrite(rewrite(products, portable), portable);
  return webgpu ? rewrite(plain, forWebGpu) : plain;
}
