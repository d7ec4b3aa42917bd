// The configuration of CLIPTextModel, under transformers' names and with its defaults.

import { z } from "zod";
import { count, parseConfig, refuseUnknown, unsupported } from "../config.js";

const MODEL = "text encoder";

const schema = z.object({
  vocab_size: count.default(49408),
  hidden_size: count.default(512),
  intermediate_size: count.default(2048),
  num_hidden_layers: count.default(12),
  num_attention_heads: count.default(8),
  max_position_embeddings: count.default(77),
  hidden_act: z.enum(["quick_gelu", "gelu"]).default("quick_gelu"),
  layer_norm_eps: z.number().positive().default(1e-5),
  /** 2 is what older files say; then a prompt is pooled at its largest id. */
  eos_token_id: z.int().nonnegative().default(49407),
});

/** What transformers writes besides, of no bearing on the graph. */
const PASSIVE = [
  ...["architectures", "model_type", "torch_dtype", "dtype", "transformers_version"],
  ...["attention_dropout", "dropout", "initializer_factor", "initializer_range"],
  ...["bos_token_id", "pad_token_id", "projection_dim"],
];

/** A text encoder's configuration, every default filled in. */
export type TextEncoderConfig = z.infer<typeof schema>;

/**
 * A text encoder's configuration from the contents of its config.json.
 * Throws FollowspotError, naming the option, when one has a wrong value.
 */
export function parseTextEncoderConfig(json: unknown): TextEncoderConfig {
  const config = parseConfig(MODEL, schema, json);
  const { hidden_size: width, num_attention_heads: heads } = config;
  if (width % heads !== 0) {
    throw unsupported(MODEL, "hidden_size", width, [`a multiple of ${heads} heads`]);
  }
  return config;
}

/** As parseTextEncoderConfig, for one that is to be trained: an option that is none would be a mistype. */
export function parseNewTextEncoderConfig(json: unknown): TextEncoderConfig {
  const config = parseTextEncoderConfig(json);
  refuseUnknown(MODEL, json, [...Object.keys(schema.shape), ...PASSIVE]);
  return config;
}
