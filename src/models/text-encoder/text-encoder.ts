// CLIPTextModel, the text encoder of Stable Diffusion (Radford et al. 2021), as a graph.

import { FollowspotError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import { floats } from "../../core/tensor.js";
import { attend, splitHeads } from "../../engine/attention.js";
import { add, matmul, mul, reshape, slice, softmax } from "../../engine/functions.js";
import type { Graph, Value } from "../../engine/graph.js";
import { activation } from "../../nn/activation.js";
import { normal } from "../../nn/init.js";
import { embedding, linear, tableOf } from "../../nn/linear.js";
import { layerNorm } from "../../nn/norm.js";
import type { Weights } from "../../nn/weights.js";
import type { TextEncoderConfig } from "./config.js";
import { poolAtEnd } from "./pool.js";

/**
 * Standard deviations of the embeddings' starting values. CLIP's 0.02 is little beside what the first layer adds:
 * trained briefly, all tokens of a prompt end up alike (docs/results/stage/README.md).
 */
const TOKEN_DEVIATION = 1;
const POSITION_DEVIATION = 0.2;

/** Added to the scores of later tokens: their weight is then exactly 0 in float32. */
const MASKED = -1e9;

export interface TextEncoderOutputs {
  /** After the final normalisation, [N, T, hidden_size]: what Stable Diffusion reads. */
  readonly lastHiddenState: Value;
  /** The embeddings, then each layer's output, [N, T, hidden_size]; the last but one is "clip skip 2". */
  readonly hiddenStates: readonly Value[];
  /** The last hidden state at the end of each prompt, [N, hidden_size]. */
  readonly pooled: Value;
}

function causalMask(graph: Graph, tokens: number): Value {
  const later = (_: unknown, i: number): number =>
    i % tokens > Math.floor(i / tokens) ? MASKED : 0;
  const values = Float32Array.from({ length: tokens * tokens }, later);
  return graph.constant(floats([tokens, tokens], values), `causal mask ${tokens}`);
}

function selfAttention(w: Weights, name: string, x: Value, config: TextEncoderConfig): Value {
  const { hidden_size: width, num_attention_heads: heads, num_hidden_layers: layers } = config;
  // CLIP's own rule: the residual branches' variance does not grow with the number of layers.
  const init = normal((width * 2 * layers) ** -0.5);
  const q = linear(w, `${name}.q_proj`, x, width, { init });
  const k = linear(w, `${name}.k_proj`, x, width, { init });
  const v = linear(w, `${name}.v_proj`, x, width, { init });
  const scaled = splitHeads(mul(q, (width / heads) ** -0.5), heads);
  const scores = matmul(scaled, splitHeads(k, heads), { transB: true });
  const maps = softmax(add(scores, causalMask(x.graph, x.shape[1]!)));
  return linear(w, `${name}.out_proj`, attend(maps, v), width, { init: normal(width ** -0.5) });
}

function feedForward(w: Weights, name: string, x: Value, config: TextEncoderConfig): Value {
  const { hidden_size: width, num_hidden_layers: layers } = config;
  const widen = normal((2 * width) ** -0.5);
  const h = linear(w, `${name}.fc1`, x, config.intermediate_size, { init: widen });
  const init = normal((width * 2 * layers) ** -0.5);
  return linear(w, `${name}.fc2`, activation(config.hidden_act)(h), width, { init });
}

function encoderLayer(w: Weights, name: string, x: Value, config: TextEncoderConfig): Value {
  const eps = { eps: config.layer_norm_eps };
  const normed = layerNorm(w, `${name}.layer_norm1`, x, eps);
  const mixed = add(x, selfAttention(w, `${name}.self_attn`, normed, config));
  const next = layerNorm(w, `${name}.layer_norm2`, mixed, eps);
  return add(mixed, feedForward(w, `${name}.mlp`, next, config));
}

function embed(w: Weights, config: TextEncoderConfig, ids: Value): Value {
  const { vocab_size: rows, hidden_size: width, max_position_embeddings: positions } = config;
  const name = "text_model.embeddings";
  const tokens = embedding(w, `${name}.token_embedding`, ids, {
    rows,
    width,
    deviation: TOKEN_DEVIATION,
  });
  const table = tableOf(w, `${name}.position_embedding`, {
    rows: positions,
    width,
    deviation: POSITION_DEVIATION,
  });
  const length = ids.shape[1]!;
  return add(tokens, reshape(slice(table, 0, 0, length), [1, length, width]));
}

/**
 * Encodes prompts: int64 token ids [N, T], T at most max_position_embeddings, usually 77.
 * Each token sees itself and those before it. Weights bear the names of the hub's files, `text_model.…`.
 *
 * Throws FollowspotError when the prompts are too long or a weight does not fit the configuration.
 */
export function textEncoder(w: Weights, config: TextEncoderConfig, ids: Value): TextEncoderOutputs {
  const longest = config.max_position_embeddings;
  if (ids.shape.length !== 2 || ids.shape[1]! > longest) {
    const got = formatShape(ids.shape);
    throw new FollowspotError(
      `text encoder: expected ids of N x at most ${longest} tokens, got ${got}.`,
    );
  }
  const hiddenStates = [embed(w, config, ids)];
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const name = `text_model.encoder.layers.${i}`;
    hiddenStates.push(encoderLayer(w, name, hiddenStates.at(-1)!, config));
  }
  const eps = { eps: config.layer_norm_eps };
  const last = layerNorm(w, "text_model.final_layer_norm", hiddenStates.at(-1)!, eps);
  return {
    lastHiddenState: last,
    hiddenStates,
    pooled: poolAtEnd(last, ids, config.eos_token_id),
  };
}
