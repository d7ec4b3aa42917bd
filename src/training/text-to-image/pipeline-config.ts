// The configurations of a Stable Diffusion pipeline's folder, with every key that diffusers and transformers write.

import type { Tokenizer } from "../../models/tokenizer/index.js";
import type { TextToImageConfig } from "./config.js";

/** The versions whose folders these configurations are like. */
const DIFFUSERS = "0.42.1";
const TRANSFORMERS = "5.23.0";

const SCHEDULER = "DDIMScheduler";

function schedulerClass({ scheduler }: TextToImageConfig): unknown {
  return scheduler["_class_name"] ?? SCHEDULER;
}

/** model_index.json: which class each part of the pipeline is. */
export function modelIndex(config: TextToImageConfig): Record<string, unknown> {
  return {
    _class_name: "StableDiffusionPipeline",
    _diffusers_version: DIFFUSERS,
    feature_extractor: [null, null],
    image_encoder: [null, null],
    requires_safety_checker: false,
    safety_checker: [null, null],
    scheduler: ["diffusers", schedulerClass(config)],
    text_encoder: ["transformers", "CLIPTextModel"],
    tokenizer: ["transformers", "CLIPTokenizer"],
    unet: ["diffusers", "UNet2DConditionModel"],
    vae: ["diffusers", "AutoencoderTiny"],
  };
}

/** Options of UNet2DConditionModel that are never set here, at diffusers' defaults. */
const UNUSED_UNET_OPTIONS = {
  addition_embed_type: null,
  addition_embed_type_num_heads: 64,
  addition_time_embed_dim: null,
  attention_type: "default",
  class_embed_type: null,
  class_embeddings_concat: false,
  cross_attention_norm: null,
  dropout: 0,
  dual_cross_attention: false,
  encoder_hid_dim: null,
  encoder_hid_dim_type: null,
  mid_block_only_cross_attention: null,
  num_class_embeds: null,
  only_cross_attention: false,
  projection_class_embeddings_input_dim: null,
  resnet_out_scale_factor: 1,
  resnet_skip_time_act: false,
  resnet_time_scale_shift: "default",
  reverse_transformer_layers_per_block: null,
  time_embedding_act_fn: null,
  time_embedding_type: "positional",
  timestep_post_act: null,
  upcast_attention: false,
};

/** unet/config.json */
export function unetConfig({ unet }: TextToImageConfig): Record<string, unknown> {
  return inOrder({
    _class_name: "UNet2DConditionModel",
    _diffusers_version: DIFFUSERS,
    ...UNUSED_UNET_OPTIONS,
    ...unet,
  });
}

/**
 * text_encoder/config.json. Fractions that are whole, such as a dropout of 0.0, are left to their defaults:
 * transformers takes no whole number where it expects a fraction, and JSON here writes no other.
 */
export function textEncoderConfig(
  { text_encoder: text }: Pick<TextToImageConfig, "text_encoder">,
  { bos, pad }: Pick<Tokenizer, "bos" | "pad">,
): Record<string, unknown> {
  return inOrder({
    architectures: ["CLIPTextModel"],
    bos_token_id: bos,
    initializer_range: 0.02,
    model_type: "clip_text_model",
    pad_token_id: pad,
    projection_dim: text.hidden_size,
    // What it is computed in unless a person says otherwise: diffusers loads the UNet so, too.
    torch_dtype: "float32",
    transformers_version: TRANSFORMERS,
    ...text,
  });
}

/** DDIMScheduler's options at diffusers' defaults. */
const DDIM_OPTIONS = {
  num_train_timesteps: 1000,
  beta_start: 0.0001,
  beta_end: 0.02,
  beta_schedule: "linear",
  trained_betas: null,
  clip_sample: true,
  set_alpha_to_one: true,
  steps_offset: 0,
  prediction_type: "epsilon",
  thresholding: false,
  dynamic_thresholding_ratio: 0.995,
  clip_sample_range: 1,
  sample_max_value: 1,
  timestep_spacing: "leading",
  rescale_betas_zero_snr: false,
};

/** scheduler/scheduler_config.json */
export function schedulerDocument(config: TextToImageConfig): Record<string, unknown> {
  const className = schedulerClass(config);
  const isTrailing = config.scheduler["timestep_spacing"] === "trailing";
  return {
    ...(className === SCHEDULER ? DDIM_OPTIONS : {}),
    ...config.scheduler,
    // Trailing steps know no offset, but diffusers warns of any other than 1.
    ...(isTrailing ? { steps_offset: 1 } : {}),
    _class_name: className,
    _diffusers_version: DIFFUSERS,
  };
}

/** Keys in alphabetical order, as Python writes them. */
function inOrder(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
}
