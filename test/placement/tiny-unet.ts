// A tiny U-Net with made-up weights as a denoiser, and inputs for it.

import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import type { Condition, Latent, Level } from "../../src/diffusion/index.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { parseUNetConfig, unet } from "../../src/models/unet/index.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import { UNetDenoiser } from "../../src/pipelines/denoiser.js";
import { makeWeights } from "../models/goldens.js";

export const POSITIONS = 12;
export const CONFIG = parseUNetConfig({
  sample_size: 8,
  in_channels: 2,
  out_channels: 2,
  block_out_channels: [8, 16],
  down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
  layers_per_block: 1,
  norm_num_groups: 4,
  attention_head_dim: 2,
  cross_attention_dim: 8,
});

export const WEIGHTS = makeWeights(
  collectSpecs((w) =>
    unet(w, CONFIG, {
      sample: w.graph.input("sample", "float32", [1, 8, 8, 2]),
      timestep: w.graph.input("timestep", "float32", [1]),
      context: w.graph.input("context", "float32", [1, POSITIONS, 8]),
    }),
  ),
);

export function tinyDenoiser(): UNetDenoiser {
  return new UNetDenoiser({
    config: CONFIG,
    prediction: "v_prediction",
    weights: (graph) => new ConstantWeights(graph, WEIGHTS),
    runtime: nodeRuntime(),
    threads: 1,
    sessions: 6,
  });
}

export const SITES = tinyDenoiser().sites(8, 8, POSITIONS);
export const CROSS = SITES.filter(({ kind }) => kind === "cross");
export const GRIDS = [
  { height: 8, width: 8 },
  { height: 4, width: 4 },
];
export const LEVEL: Level = { alpha: 0.3, sigma: Math.sqrt(1 - 0.09), timestep: 900 };

/** Noise for `rows` pictures, the same for each row whatever their number. */
export function noise(rows: number): Latent {
  const parts = Array.from({ length: rows }, (_, i) => [
    ...new Generator(BigInt(i + 1)).randn([8, 8, 2]).data,
  ]);
  return floats([rows, 8, 8, 2], parts.flat());
}

/** Embeddings of `conditional.length` rows, all different. */
export function conditionOf(conditional: readonly boolean[]): Condition {
  const parts = conditional.map((_, i) => [
    ...new Generator(BigInt(100 + i)).randn([POSITIONS, 8]).data,
  ]);
  return { embeddings: floats([conditional.length, POSITIONS, 8], parts.flat()), conditional };
}
