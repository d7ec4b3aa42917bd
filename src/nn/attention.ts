// Attention as a value with a name: every layer is a site whose maps can be read, edited or differentiated.

import { attend, attentionMaps } from "../engine/attention.js";
import { attention as fusedAttention } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { linear } from "./linear.js";
import type { Weights } from "./weights.js";

/** One attention layer of a U-Net. */
export interface AttentionSite {
  /**
   * `down.<block>.attn.<layer>.<kind>`, `mid.attn.0.<kind>` or `up.<block>.attn.<layer>.<kind>`,
   * and `.<depth>` after it where the block's transformers have several layers.
   */
  readonly name: string;
  /** Keys from the picture itself, or from the prompt. */
  readonly kind: "self" | "cross";
  /** Cells of the queries. */
  readonly height: number;
  readonly width: number;
  readonly heads: number;
  /** Keys: the prompt's tokens, or height x width. */
  readonly tokens: number;
}

/** Takes a site's maps [N, heads, height·width, tokens] and gives those to use. */
export type MapsFunction = (maps: Value) => Value;

/** How each site computes: with a fused kernel that keeps no maps, or with its maps in hand. */
export interface AttentionPolicy {
  at(site: AttentionSite): "fused" | MapsFunction;
}

/** Fused kernels everywhere: no map is ever a value. */
export const fusedPolicy: AttentionPolicy = { at: () => "fused" };

/** Maps in hand everywhere: they are kept for the gradient, which fused attention would have to compute again. */
export const keepMaps: AttentionPolicy = { at: () => (maps) => maps };

export interface AttentionOptions {
  /** Keys and values come from here, [N, T, k]; from `x` itself when absent. */
  readonly context?: Value | undefined;
  readonly heads: number;
  readonly headWidth: number;
  /** Bias of the three projections; false when absent. */
  readonly bias?: boolean;
  /** "fused" when absent. */
  readonly maps?: "fused" | MapsFunction;
}

/** Multi-head attention of tokens [N, T, C] -> [N, T, C] (Vaswani et al. 2017). */
export function attention(w: Weights, name: string, x: Value, options: AttentionOptions): Value {
  const { context = x, heads, headWidth, bias = false, maps = "fused" } = options;
  const inner = heads * headWidth;
  const q = linear(w, `${name}.to_q`, x, inner, { bias });
  const k = linear(w, `${name}.to_k`, context, inner, { bias });
  const v = linear(w, `${name}.to_v`, context, inner, { bias });
  const scaled = { heads, scale: 1 / Math.sqrt(headWidth) };
  const mixed =
    maps === "fused"
      ? fusedAttention(q, k, v, scaled)
      : attend(maps(attentionMaps(q, k, scaled)), v);
  return linear(w, `${name}.to_out.0`, mixed, x.shape[2]!);
}
