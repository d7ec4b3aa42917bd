// CLIP's recipe (Radford et al. 2021) on rendered pairs: captions and pictures find each other in a batch.
// One change: a caption is pooled at a random trailing position instead of its first end token, so that every
// position which Directed Diffusion edits carries the caption.

import {
  add,
  clip,
  div,
  exp,
  matmul,
  mean,
  mul,
  reshape,
  silu,
  slice,
  sqrt,
  sum,
  transpose,
} from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { textEncoder } from "../../models/text-encoder/index.js";
import type { TextEncoderConfig } from "../../models/text-encoder/index.js";
import { conv } from "../../nn/conv.js";
import { linear } from "../../nn/linear.js";
import { groupNorm } from "../../nn/norm.js";
import { resblock } from "../../nn/resblock.js";
import { scoped } from "../../nn/weights.js";
import type { Weights } from "../../nn/weights.js";
import { crossEntropy } from "../losses.js";
import type { LossBuilder } from "../step.js";

const WIDTHS = [64, 96, 128, 192]; // channels of the picture tower, each stage at half the size
const NORM = { groups: 16, eps: 1e-5 };
const SCALE_START = Math.log(1 / 0.07);
const SCALE_MAX = 100;

export interface ContrastiveShape {
  readonly batch: number;
  readonly latentSize: number;
  readonly latentChannels: number;
  readonly tokens: number;
  /** Whether a wrong caption for each picture follows the captions. */
  readonly wrongCaptions: boolean;
}

/** One vector a picture: latents [N, S, S, C] -> [N, width]. */
function pictureTower(w: Weights, latents: Value, width: number): Value {
  let h = conv(w, "conv_in", latents, WIDTHS[0]!);
  WIDTHS.forEach((channels, i) => {
    if (i > 0) h = conv(w, `down.${i}`, h, channels, { stride: 2 });
    h = resblock(w, `block.${i}`, h, { ...NORM, outChannels: channels });
  });
  const [n, height, cells, channels] = h.shape as [number, number, number, number];
  const flat = reshape(silu(groupNorm(w, "norm", h, NORM)), [n, height * cells, channels]);
  return linear(w, "projection", mean(flat, { axes: [1] }), width, { bias: false });
}

function normalised(x: Value): Value {
  return div(x, sqrt(add(sum(mul(x, x), { axes: [-1], keepDims: true }), 1e-8)));
}

/**
 * The symmetric cross-entropy of finding captions by pictures and pictures by captions. Inputs: `latents`
 * [N, S, S, C], `ids` int64 [M, T] of N captions and, when `wrongCaptions`, N wrong ones that only pictures are told from (M = 2N,
 * else N), `pool` [M, T], 1 at the position where a caption is pooled, and the share of each caption among its equals: `same` [N, N]
 * among the true ones, `captions` [N, M] among all. Text weights are named `text_encoder.…`.
 */
export function contrastiveLoss(config: TextEncoderConfig, shape: ContrastiveShape): LossBuilder {
  const { batch, latentSize, latentChannels, tokens, wrongCaptions } = shape;
  const texts = wrongCaptions ? 2 * batch : batch;
  return (weights, graph) => {
    const latents = graph.input("latents", "float32", [
      batch,
      latentSize,
      latentSize,
      latentChannels,
    ]);
    const ids = graph.input("ids", "int64", [texts, tokens]);
    const pool = graph.input("pool", "float32", [texts, tokens]);
    const same = graph.input("same", "float32", [batch, batch]);
    const captions = graph.input("captions", "float32", [batch, texts]);
    const width = config.hidden_size;
    const { lastHiddenState } = textEncoder(scoped(weights, "text_encoder"), config, ids);
    const pooled = matmul(reshape(pool, [texts, 1, tokens]), lastHiddenState);
    const heads = scoped(weights, "heads");
    const text = linear(heads, "text_projection", reshape(pooled, [texts, width]), width, {
      bias: false,
    });
    const picture = pictureTower(scoped(weights, "picture_encoder"), latents, width);
    const scale = heads.get({
      name: "logit_scale",
      role: "vector",
      shape: [1],
      init: { kind: "constant", value: SCALE_START },
    });
    const similarity = matmul(normalised(text), normalised(picture), { transB: true });
    const logits = mul(similarity, clip(exp(scale), 1, SCALE_MAX));
    const byText = crossEntropy(slice(logits, 0, 0, batch), same);
    const byPicture = crossEntropy(transpose(logits, [1, 0]), captions);
    return { loss: mul(add(byText, byPicture), 0.5) };
  };
}
