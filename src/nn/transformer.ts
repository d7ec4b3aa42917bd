// The spatial transformer of latent diffusion (Rombach et al. 2022): attention blocks on picture cells.

import { add, gelu, matmul, mul, reshape, slice } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { attention, fusedPolicy } from "./attention.js";
import type { AttentionPolicy, AttentionSite } from "./attention.js";
import { conv } from "./conv.js";
import { fanIn, ZEROS } from "./init.js";
import { linear } from "./linear.js";
import { groupNorm, layerNorm } from "./norm.js";
import type { Weights } from "./weights.js";

export interface TransformerOptions {
  /** The prompt's tokens, [N, T, k]. */
  readonly context: Value;
  readonly heads: number;
  /** Transformer blocks; 1 when absent. */
  readonly depth?: number;
  /** Groups of the normalisation before the blocks. */
  readonly groups: number;
  /** Projections in and out as linear layers (SD 2) rather than convolutions (SD 1). */
  readonly linearProjection: boolean;
  /** Name of the sites before their kind, such as `down.1.attn.0`. */
  readonly site: string;
  /** Fused everywhere when absent. */
  readonly policy?: AttentionPolicy;
}

/** Transformer blocks over the cells of a picture, added to it: [N, H, W, C] -> [N, H, W, C]. */
export function spatialTransformer(
  w: Weights,
  name: string,
  x: Value,
  options: TransformerOptions,
): Value {
  const { heads, depth = 1, groups, linearProjection } = options;
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const inner = heads * Math.floor(channels / heads);
  const project = (layer: string, input: Value, out: number, init?: typeof ZEROS): Value =>
    linearProjection
      ? linear(w, `${name}.${layer}`, input, out, init ? { init } : {})
      : conv(w, `${name}.${layer}`, input, out, { kernel: 1, ...(init ? { init } : {}) });
  const h = project("proj_in", groupNorm(w, `${name}.norm`, x, { groups, eps: 1e-6 }), inner);
  let tokens = reshape(h, [n, height * width, inner]);
  for (let i = 0; i < depth; i++) {
    const suffix = depth > 1 ? `.${i}` : "";
    tokens = transformerBlock(w, `${name}.transformer_blocks.${i}`, tokens, {
      ...options,
      height,
      width,
      suffix,
    });
  }
  const out = project("proj_out", reshape(tokens, [n, height, width, inner]), channels, ZEROS);
  return add(out, x);
}

interface BlockOptions extends TransformerOptions {
  readonly height: number;
  readonly width: number;
  /** What ends the sites' names. */
  readonly suffix: string;
}

/** Self-attention, cross-attention and feed-forward, each after a layer normalisation and added. */
function transformerBlock(w: Weights, name: string, x: Value, options: BlockOptions): Value {
  const { context, heads, height, width, suffix, policy = fusedPolicy } = options;
  const attend = (layer: 1 | 2, kind: AttentionSite["kind"], input: Value): Value => {
    const tokens = kind === "cross" ? context.shape[1]! : height * width;
    const site = { name: `${options.site}.${kind}${suffix}`, kind, height, width, heads, tokens };
    const y = attention(w, `${name}.attn${layer}`, layerNorm(w, `${name}.norm${layer}`, input), {
      context: kind === "cross" ? context : undefined,
      heads,
      headWidth: input.shape[2]! / heads,
      maps: policy.at(site),
    });
    return add(y, input);
  };
  const mixed = attend(2, "cross", attend(1, "self", x));
  return add(feedForward(w, `${name}.ff`, layerNorm(w, `${name}.norm3`, mixed)), mixed);
}

/** A gated feed-forward layer, GEGLU (Shazeer 2020), four times as wide inside. */
export function feedForward(w: Weights, name: string, x: Value): Value {
  const width = x.shape.at(-1)!;
  const inner = 4 * width;
  const spec = { shape: [2 * inner, width], init: fanIn(width) };
  const weight = w.get({ name: `${name}.net.0.proj.weight`, role: "linear", ...spec });
  const bias = w.get({
    name: `${name}.net.0.proj.bias`,
    role: "vector",
    ...spec,
    shape: [2 * inner],
  });
  // The weight is halved rather than the product: it is the smaller of the two.
  const rows = reshape(x, [-1, width]);
  const half = (start: number): Value =>
    add(matmul(rows, slice(weight, 1, start, start + inner)), slice(bias, 0, start, start + inner));
  const gated = mul(half(0), gelu(half(inner)));
  return reshape(linear(w, `${name}.net.2`, gated, width), x.shape);
}
