// A whole text-to-image pipeline with made-up weights, a few kilobytes, in diffusers' folder layout.

import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Value } from "../../src/engine/graph.js";
import { writeJson } from "../../src/io/json.js";
import { writeSafetensors } from "../../src/io/safetensors.js";
import { parseTextEncoderConfig, textEncoder } from "../../src/models/text-encoder/index.js";
import { loadTokenizer } from "../../src/models/tokenizer/folder.js";
import { parseUNetConfig, unet } from "../../src/models/unet/index.js";
import { decodeTiny, encodeTiny, parseAutoencoderTinyConfig } from "../../src/models/vae/index.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import type { Weights } from "../../src/nn/weights.js";
import { makeWeights } from "../models/goldens.js";

const STAGE_TOKENIZER = fileURLToPath(new URL("../../models/stage/tokenizer", import.meta.url));

export const UNET = {
  _class_name: "UNet2DConditionModel",
  sample_size: 8,
  block_out_channels: [16, 32],
  down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
  layers_per_block: 1,
  norm_num_groups: 8,
  attention_head_dim: 2,
  cross_attention_dim: 16,
};
const VAE = {
  _class_name: "AutoencoderTiny",
  encoder_block_out_channels: [8, 8, 8],
  decoder_block_out_channels: [8, 8, 8],
  num_encoder_blocks: [1, 1, 1],
  num_decoder_blocks: [1, 1, 1],
  scaling_factor: 0.5,
};
const TEXT = {
  architectures: ["CLIPTextModel"],
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
};
const SCHEDULER = {
  _class_name: "DDIMScheduler",
  prediction_type: "v_prediction",
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  clip_sample: false,
  timestep_spacing: "trailing",
};
const INDEX = {
  _class_name: "StableDiffusionPipeline",
  _diffusers_version: "0.30.0",
  feature_extractor: [null, null],
  requires_safety_checker: false,
  safety_checker: [null, null],
  scheduler: ["diffusers", "DDIMScheduler"],
  text_encoder: ["transformers", "CLIPTextModel"],
  tokenizer: ["transformers", "CLIPTokenizer"],
  unet: ["diffusers", "UNet2DConditionModel"],
  vae: ["diffusers", "AutoencoderTiny"],
};

type Build = (weights: Weights, input: (name: string, shape: number[]) => Value) => unknown;

async function writePart(
  folder: string,
  part: string,
  stem: string,
  config: Record<string, unknown>,
  build: Build,
): Promise<void> {
  mkdirSync(join(folder, part), { recursive: true });
  const specs = collectSpecs((w) =>
    build(w, (name, shape) => w.graph.input(name, "float32", shape)),
  );
  await writeJson(join(folder, part, "config.json"), config);
  const tensors = Object.fromEntries(makeWeights(specs));
  await writeSafetensors(join(folder, part, `${stem}.safetensors`), tensors, { format: "pt" });
}

/** What of the pipeline's configurations is to be otherwise. */
export interface Changes {
  readonly scheduler?: Readonly<Record<string, unknown>>;
  readonly unet?: Readonly<Record<string, unknown>>;
}

/** What makes the pipeline one that takes guidance as a number, drawn as LCM's are. */
export const TAKES_GUIDANCE: Changes = {
  unet: { time_cond_proj_dim: 12 },
  scheduler: { _class_name: "LCMScheduler", original_inference_steps: 20 },
};

/** Writes the pipeline to `folder`, which is made. */
export async function writeTinyPipeline(folder: string, changes: Changes = {}): Promise<void> {
  mkdirSync(join(folder, "scheduler"), { recursive: true });
  cpSync(STAGE_TOKENIZER, join(folder, "tokenizer"), { recursive: true });
  const tokenizer = await loadTokenizer(STAGE_TOKENIZER);
  const text = { ...TEXT, vocab_size: tokenizer.size, eos_token_id: tokenizer.eos };
  const net = { ...UNET, ...changes.unet };
  const unetConfig = parseUNetConfig(net);
  const vaeConfig = parseAutoencoderTinyConfig(VAE);
  await writeJson(join(folder, "model_index.json"), INDEX);
  await writeJson(join(folder, "scheduler", "scheduler_config.json"), {
    ...SCHEDULER,
    ...changes.scheduler,
  });
  await writePart(folder, "text_encoder", "model", text, (w) => {
    textEncoder(w, parseTextEncoderConfig(text), w.graph.input("ids", "int64", [1, 77]));
  });
  await writePart(folder, "unet", "diffusion_pytorch_model", net, (w, input) =>
    unet(w, unetConfig, {
      sample: input("sample", [1, 8, 8, 4]),
      timestep: input("timestep", [1]),
      context: input("context", [1, 77, 16]),
      ...(unetConfig.time_cond_proj_dim === null
        ? {}
        : { guidance: input("guidance", [1, unetConfig.time_cond_proj_dim]) }),
    }),
  );
  await writePart(folder, "vae", "diffusion_pytorch_model", VAE, (w, input) => {
    encodeTiny(w, vaeConfig, input("picture", [1, 32, 32, 3]));
    decodeTiny(w, vaeConfig, input("latents", [1, 8, 8, 4]));
  });
}

/** A temporary folder with the pipeline in it, and how to delete it. */
export async function tinyPipeline(changes?: Changes) {
  const folder = mkdtempSync(join(tmpdir(), "followspot-pipeline-"));
  await writeTinyPipeline(folder, changes);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
