// A text-to-image run of a few thousand parameters: its configuration, its autoencoder and its tokenizer, written to a folder.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Generator } from "../../src/core/generator.js";
import { taskOf } from "../../src/distillation/kinds.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { writeSafetensors } from "../../src/io/safetensors.js";
import { tokenizerFiles } from "../../src/models/tokenizer/learn.js";
import { decodeTiny, encodeTiny, parseAutoencoderTinyConfig } from "../../src/models/vae/index.js";
import { initialise } from "../../src/nn/init.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import type { TrainOptions } from "../../src/training/fit.js";
import type { TrainingTask } from "../../src/training/kinds.js";
import { withThreads } from "../../src/training/run/threads.js";

const SIZE = 16;
const TOKENS = 24;
const SCENES = 12;
/** 256 bytes, the same at a word's end, start and end. */
const ENTRIES = 514;

const AUTOENCODER = {
  _class_name: "AutoencoderTiny",
  act_fn: "relu",
  in_channels: 3,
  out_channels: 3,
  latent_channels: 4,
  encoder_block_out_channels: [4, 4, 4],
  decoder_block_out_channels: [4, 4, 4],
  num_encoder_blocks: [0, 0, 1],
  num_decoder_blocks: [1, 0, 0],
  scaling_factor: 1.25,
};

async function writeAutoencoder(folder: string): Promise<void> {
  const config = parseAutoencoderTinyConfig(AUTOENCODER);
  const specs = collectSpecs((weights) => {
    const picture = weights.graph.input("pictures", "float32", [1, SIZE, SIZE, 3]);
    decodeTiny(weights, config, encodeTiny(weights, config, picture));
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify(AUTOENCODER));
  const weights = initialise(specs, new Generator(5n));
  await writeSafetensors(join(folder, "diffusion_pytorch_model.safetensors"), weights);
}

async function writeTokenizer(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(tokenizerFiles([], TOKENS))) {
    await writeFile(join(folder, name), text);
  }
}

/** Writes a pool of made-up pictures with captions, so that nothing need be rendered. */
export async function writeTinyPool(run: string): Promise<void> {
  const folder = join(run, "scenes");
  await mkdir(folder, { recursive: true });
  const generator = new Generator(9n);
  const pixels = Uint8Array.from({ length: SCENES * SIZE * SIZE * 3 }, () =>
    Math.floor(256 * generator.random()),
  );
  const captions = Array.from({ length: SCENES }, (_, i) => `a cat and ${i} cubes`);
  await writeFile(join(folder, "pictures.rgb"), pixels);
  await writeFile(join(folder, "captions.txt"), `${captions.join("\n")}\n`);
}

/** The document of a tiny run of `steps` steps, which takes its autoencoder and tokenizer from `folder`. */
export function tinyDocument(folder: string, steps: number) {
  return {
    kind: "text-to-image",
    size: SIZE,
    scenes: { count: SCENES, seed: 1 },
    autoencoder: join(folder, "vae"),
    tokenizer: join(folder, "tokenizer"),
    unet: {
      sample_size: SIZE / 4,
      block_out_channels: [4],
      layers_per_block: 1,
      down_block_types: ["CrossAttnDownBlock2D"],
      mid_block_type: null,
      up_block_types: ["UpBlock2D"],
      attention_head_dim: 2,
      cross_attention_dim: 4,
      norm_num_groups: 2,
      use_linear_projection: true,
    },
    text_encoder: {
      vocab_size: ENTRIES,
      hidden_size: 4,
      intermediate_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      max_position_embeddings: TOKENS,
      eos_token_id: ENTRIES - 1,
    },
    scheduler: {
      _class_name: "DDIMScheduler",
      beta_schedule: "scaled_linear",
      prediction_type: "v_prediction",
      rescale_betas_zero_snr: true,
      timestep_spacing: "trailing",
      clip_sample: false,
    },
    seed: 3,
    batch: 4,
    steps,
    learning_rate: { peak: 0.01, floor: 0.001, warmup: 3 },
    weight_decay: 0.01,
    ema_decay: 0.9,
    caption_dropout: 0.2,
    trailing_dropout: 0.2,
    sample_every: 100,
    sample_prompts: ["a red cube", "a cat"],
  };
}

/** The document of a tiny autoencoder's run; its pool is that of `writeTinyPool`. */
export function tinyAutoencoderDocument(steps: number) {
  const { _class_name, scaling_factor, ...autoencoder } = AUTOENCODER;
  return {
    kind: "autoencoder",
    size: SIZE,
    scenes: { count: SCENES, seed: 1 },
    autoencoder,
    crop: 8,
    latent_noise: 0.05,
    absolute_weight: 0.05,
    moments_weight: 0.001,
    seed: 3,
    batch: 4,
    steps,
    learning_rate: { peak: 0.01, floor: 0.001, warmup: 2 },
    weight_decay: 0,
    beta2: 0.99,
    ema_decay: 0.9,
    sample_every: 100,
    held_out: 4,
  };
}

/** Writes the folders that a tiny run needs and its configuration, `tiny.json`; returns that file's path. */
export async function writeTinyRun(folder: string, steps: number): Promise<string> {
  await writeAutoencoder(join(folder, "vae"));
  await writeTokenizer(join(folder, "tokenizer"));
  const path = join(folder, "tiny.json");
  await writeFile(path, JSON.stringify(tinyDocument(folder, steps)));
  return path;
}

/** Trains a tiny configuration of any kind on one thread, unbroken or from where the folder's newest checkpoint is. */
export async function trainTiny(
  config: string,
  folder: string,
  options: Partial<TrainOptions> = {},
): ReturnType<TrainingTask["train"]> {
  const document = JSON.parse(await readFile(config, "utf8")) as Record<string, unknown>;
  const runtime = withThreads(nodeRuntime(), 1);
  return taskOf(document).train({ runtime, folder, ...options });
}
