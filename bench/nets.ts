// The networks that are measured: the reference, the shipped model and one of SD 1.5's size.

import { readFileSync } from "node:fs";
import { modelFlops } from "../src/engine/flops.js";
import type { Graph } from "../src/engine/graph.js";
import { parseTextEncoderConfig, textEncoder } from "../src/models/text-encoder/index.js";
import type { TextEncoderConfig } from "../src/models/text-encoder/index.js";
import { parseUNetConfig, unet } from "../src/models/unet/index.js";
import type { UNetConfig } from "../src/models/unet/index.js";
import { collectSpecs, InputWeights } from "../src/nn/input-weights.js";
import { scoped } from "../src/nn/weights.js";
import type { Weights, WeightSpec } from "../src/nn/weights.js";
import { sizeOf } from "../src/core/shape.js";

/** Tokens of a prompt in every network here. */
export const TOKENS = 77;

/** A U-Net, with a text encoder in front of it where there is one. */
export interface Net {
  /** The contents of unet/config.json, for whoever builds the same network elsewhere. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly unet: UNetConfig;
  readonly text?: TextEncoderConfig;
  /** Side of the latents in cells. */
  readonly side: number;
  /** Width of the prompt's tokens. */
  readonly width: number;
}

function netOf(json: Record<string, unknown>, side: number, width: number): Net {
  return { json, unet: parseUNetConfig(json), side, width };
}

/** The reference: base 128, levels 16x16 and 8x8, 11 transformer blocks, 25.0 M parameters. */
export const REFERENCE = netOf(
  {
    sample_size: 16,
    in_channels: 4,
    out_channels: 4,
    block_out_channels: [128, 256],
    layers_per_block: 2,
    down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    attention_head_dim: 4,
    cross_attention_dim: 256,
    norm_num_groups: 32,
    use_linear_projection: true,
  },
  16,
  256,
);

/** Stable Diffusion 1.5's U-Net. */
export const SD15 = netOf({ sample_size: 64, cross_attention_dim: 768 }, 64, 768);

/** The shipped model as configs/stage.json describes it; `batch` is the batch of its training. */
export function readStage(): { net: Net; batch: number } {
  const path = new URL("../configs/stage.json", import.meta.url);
  const {
    unet: json,
    text_encoder,
    batch,
  } = JSON.parse(readFileSync(path, "utf8")) as {
    unet: Record<string, unknown> & { sample_size: number; cross_attention_dim: number };
    text_encoder: unknown;
    batch: number;
  };
  const text = parseTextEncoderConfig(text_encoder);
  return { net: { ...netOf(json, json.sample_size, json.cross_attention_dim), text }, batch };
}

/** The same network without its text encoder. */
export function withoutText({ text: _, ...net }: Net): Net {
  return net;
}

/** The forward graph of a network: inputs `sample`, `timestep`, and `ids` or `context`; output `prediction`. */
export function forwardGraph(weights: Weights, net: Net, batch: number): Graph {
  const { graph } = weights;
  const context = net.text
    ? textEncoder(
        scoped(weights, "text_encoder"),
        net.text,
        graph.input("ids", "int64", [batch, TOKENS]),
      ).lastHiddenState
    : graph.input("context", "float32", [batch, TOKENS, net.width]);
  const prediction = unet(scoped(weights, "unet"), net.unet, {
    sample: graph.input("sample", "float32", [batch, net.side, net.side, net.unet.in_channels]),
    timestep: graph.input("timestep", "float32", [batch]),
    context,
  });
  graph.output("prediction", prediction);
  return graph;
}

/** The weights of a network, in the order in which its graph asks for them. */
export function specsOf(net: Net): WeightSpec[] {
  return collectSpecs((weights) => void forwardGraph(weights, net, 1));
}

/** Parameters, and model FLOPs of the forward pass of one picture. */
export function sizesOf(net: Net): { parameters: number; flops: number } {
  const parameters = specsOf(net).reduce((total, { shape }) => total + sizeOf(shape), 0);
  return { parameters, flops: modelFlops(forwardGraph(new InputWeights(), net, 1)) };
}
