// Tiny networks of stage B: a frozen student, a teacher, an encoder and a predictor, with made-up weights.

import { Generator } from "../../src/core/generator.js";
import { logSnrSchedule } from "../../src/diffusion/log-snr.js";
import { pictureNetwork } from "../../src/distillation/index.js";
import type { PictureNetwork, SemanticNetworks } from "../../src/distillation/index.js";
import type { Graph } from "../../src/engine/graph.js";
import { gradientPredictor } from "../../src/models/gradient-predictor/index.js";
import {
  parseSemanticEncoderConfig,
  semanticEncoder,
} from "../../src/models/semantic-encoder/index.js";
import { parseUNet2DConfig, unet2d } from "../../src/models/unet2d/index.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import { initialise } from "../../src/nn/init.js";
import { Packing } from "../../src/nn/packed-weights.js";
import { scoped } from "../../src/nn/weights.js";
import type { Weights } from "../../src/nn/weights.js";
import { makeWeights } from "../models/goldens.js";

export const BATCH = 3;
export const PICTURE = [8, 8, 1] as const;
export const SCHEDULE = logSnrSchedule({ kind: "cosine" });
export const LATENT = 5;

export const UNET = parseUNet2DConfig({
  sample_size: 8,
  in_channels: 1,
  out_channels: 1,
  block_out_channels: [8, 8],
  layers_per_block: 1,
  norm_num_groups: 4,
  attention_head_dim: 4,
  down_block_types: ["DownBlock2D", "AttnDownBlock2D"],
  up_block_types: ["AttnUpBlock2D", "UpBlock2D"],
});

export const ENCODER = parseSemanticEncoderConfig({
  sample_size: 8,
  in_channels: 1,
  block_out_channels: [8, 8],
  attention_block: null,
  norm_num_groups: 4,
  latent_dim: LATENT,
});

/** The made-up weights of the teacher and of the student that it is the teacher of. */
export const STUDENT_WEIGHTS = makeWeights(
  collectSpecs((w) => {
    const sample = w.graph.input("x", "float32", [1, ...PICTURE]);
    unet2d(w, UNET, { sample, timestep: w.graph.input("timestep", "float32", [1]) });
  }),
);

export function tinyNetwork(weights: Weights): PictureNetwork {
  return pictureNetwork(weights, UNET, { head: "v", site: "up.0.attn.1.self" });
}

/** The student and teacher as constants, encoder and predictor with `weights`. */
export function tinySemantic(
  weights: Weights,
  graph: Graph,
): SemanticNetworks & { teacher: PictureNetwork } {
  const known = tinyNetwork(new ConstantWeights(graph, STUDENT_WEIGHTS));
  const config = { latent_dim: LATENT, wiring: "code", unet: UNET } as const;
  return {
    student: known.staged,
    teacher: known,
    encode: (pictures) => semanticEncoder(scoped(weights, "semantic_encoder"), ENCODER, pictures),
    predictor: (student, latent) =>
      gradientPredictor(scoped(weights, "gradient_predictor"), config, { student, latent }),
  };
}

/** The weights that stage B trains. */
export const SEMANTIC_PACKING = new Packing(
  collectSpecs((weights) => {
    const { graph } = weights;
    const { student, encode, predictor } = tinySemantic(weights, graph);
    const x = graph.input("x", "float32", [1, ...PICTURE]);
    const input = (name: string) => graph.input(name, "float32", [1]);
    const level = { alpha: input("alpha"), sigma: input("sigma"), timestep: input("timestep") };
    predictor(student(x, level).stages, encode(x));
  }),
);

/** As training begins: PyTorch's rules, and 0 where a layer starts at 0. */
export const FRESH = SEMANTIC_PACKING.pack(initialise(SEMANTIC_PACKING.specs, new Generator(5n)));
/** Made up, with nothing at 0. */
export const MADE_UP = SEMANTIC_PACKING.pack(makeWeights(SEMANTIC_PACKING.specs));
