// A pipeline folder of Stable Diffusion 1.5's sizes with random weights in half precision: 2.0 GiB.

import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { float32ToFloat16 } from "../src/core/float16.js";
import { sizeOf } from "../src/core/shape.js";
import { tensor } from "../src/core/tensor.js";
import type { HostTensor } from "../src/core/tensor.js";
import { writeJson } from "../src/io/json.js";
import { writeSafetensors } from "../src/io/safetensors.js";
import { parseTextEncoderConfig, textEncoder } from "../src/models/text-encoder/index.js";
import { unet } from "../src/models/unet/index.js";
import { decodeKL, parseAutoencoderKLConfig } from "../src/models/vae/index.js";
import { collectSpecs } from "../src/nn/input-weights.js";
import type { Weights, WeightSpec } from "../src/nn/weights.js";
import { uniform } from "./fill.js";
import { SD15, TOKENS } from "./nets.js";

/** Words and places in the vocabulary do not matter here, so the shipped model's serve. */
const STAGE = fileURLToPath(new URL("../models/stage/", import.meta.url));

const TEXT = {
  architectures: ["CLIPTextModel"],
  hidden_size: 768,
  intermediate_size: 3072,
  num_hidden_layers: 12,
  num_attention_heads: 12,
};
const VAE = {
  _class_name: "AutoencoderKL",
  down_block_types: new Array<string>(4).fill("DownEncoderBlock2D"),
  up_block_types: new Array<string>(4).fill("UpDecoderBlock2D"),
  block_out_channels: [128, 256, 512, 512],
  layers_per_block: 2,
  latent_channels: 4,
  scaling_factor: 0.18215,
};
const SCHEDULER = {
  _class_name: "DDIMScheduler",
  prediction_type: "epsilon",
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  clip_sample: false,
  set_alpha_to_one: false,
  steps_offset: 1,
};
const INDEX = {
  _class_name: "StableDiffusionPipeline",
  scheduler: ["diffusers", "DDIMScheduler"],
  text_encoder: ["transformers", "CLIPTextModel"],
  tokenizer: ["transformers", "CLIPTokenizer"],
  unet: ["diffusers", "UNet2DConditionModel"],
  vae: ["diffusers", "AutoencoderKL"],
};

/** Small enough that activations stay finite through any depth. */
const BOUND = 0.02;

/** Half-precision tensors that are overlapping views of the same values, no two alike; norms keep their ones. */
function randomHalves(specs: readonly WeightSpec[]): [string, HostTensor][] {
  const largest = Math.max(...specs.map(({ shape }) => sizeOf(shape)));
  const values = float32ToFloat16(uniform(largest + specs.length, BOUND));
  const ones = float32ToFloat16(new Float32Array(largest).fill(1));
  return specs.map(({ name, shape, init }, i) => {
    const isScale = init.kind === "constant" && init.value === 1;
    const size = sizeOf(shape);
    const view = isScale ? ones.subarray(0, size) : values.subarray(i, i + size);
    return [name, tensor("float16", shape, view)];
  });
}

async function writePart(
  folder: string,
  file: string,
  config: Readonly<Record<string, unknown>>,
  build: (weights: Weights) => void,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeJson(join(folder, "config.json"), config);
  await writeSafetensors(join(folder, file), randomHalves(collectSpecs(build)));
}

/** Writes the folder, which may exist. */
export async function writeSd15Folder(folder: string): Promise<void> {
  const text = parseTextEncoderConfig(TEXT);
  const vae = parseAutoencoderKLConfig(VAE);
  await mkdir(join(folder, "scheduler"), { recursive: true });
  await cp(join(STAGE, "tokenizer"), join(folder, "tokenizer"), { recursive: true });
  await writeJson(join(folder, "model_index.json"), INDEX);
  await writeJson(join(folder, "scheduler", "scheduler_config.json"), SCHEDULER);
  await writePart(join(folder, "text_encoder"), "model.safetensors", TEXT, (w) => {
    textEncoder(w, text, w.graph.input("ids", "int64", [1, TOKENS]));
  });
  const weights = "diffusion_pytorch_model.safetensors";
  await writePart(join(folder, "unet"), weights, SD15.json, (w) => {
    unet(w, SD15.unet, {
      sample: w.graph.input("sample", "float32", [1, SD15.side, SD15.side, 4]),
      timestep: w.graph.input("timestep", "float32", [1]),
      context: w.graph.input("context", "float32", [1, TOKENS, SD15.width]),
    });
  });
  await writePart(join(folder, "vae"), weights, VAE, (w) => {
    decodeKL(w, vae, w.graph.input("latents", "float32", [1, SD15.side, SD15.side, 4]));
  });
}
