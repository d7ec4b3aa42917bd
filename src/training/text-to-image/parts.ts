// The trained parts that a text-to-image configuration builds on, checked to fit it before hours are spent.

import { join } from "node:path";
import type { HostTensor } from "../../core/tensor.js";
import { openSafetensors } from "../../io/safetensors.js";
import { FollowspotError } from "../../core/errors.js";
import { loadTokenizer } from "../../models/tokenizer/folder.js";
import type { Tokenizer } from "../../models/tokenizer/index.js";
import { contextWidth } from "../../models/unet/config.js";
import type { AutoencoderTinyConfig } from "../../models/vae/index.js";
import { factorOf, readAutoencoder } from "../autoencoder/folder.js";
import type { Autoencoder } from "../autoencoder/folder.js";
import { shippedPath } from "../run/shipped.js";
import type { TextToImageConfig } from "./config.js";

/** What a run builds on. */
export interface Parts {
  readonly autoencoder: Autoencoder;
  readonly tokenizer: Tokenizer;
  /** The weights of a text encoder that is kept as it is. */
  readonly text: ReadonlyMap<string, HostTensor> | undefined;
}

/**
 * The autoencoder, the tokenizer and, where it is kept, the text encoder of a configuration.
 *
 * @throws FollowspotError when one is missing or damaged, or the first option that does not fit the others
 */
export async function readParts(config: TextToImageConfig): Promise<Parts> {
  const autoencoder = await readAutoencoder(config.autoencoder);
  const tokenizer = await loadTokenizer(shippedPath(config.tokenizer));
  checkParts(config, autoencoder.config, tokenizer);
  return { autoencoder, tokenizer, text: await readText(config) };
}

async function readText(config: TextToImageConfig): Promise<Parts["text"]> {
  const { text_encoder_weights: folder } = config;
  if (folder === null) return undefined;
  const file = await openSafetensors(join(shippedPath(folder), "model.safetensors"));
  return file.readAllFloat32();
}

function checkParts(
  config: TextToImageConfig,
  autoencoder: AutoencoderTinyConfig,
  tokenizer: Pick<Tokenizer, "size" | "eos" | "maxLength">,
): void {
  const { unet, text_encoder: text, size } = config;
  const factor = factorOf(autoencoder);
  const channels = autoencoder.latent_channels;
  const expectations: readonly (readonly [option: string, got: unknown, expected: number])[] = [
    ["size", size, Math.ceil(size / factor) * factor],
    ["unet.sample_size", unet.sample_size, size / factor],
    ["unet.in_channels", unet.in_channels, channels],
    ["unet.out_channels", unet.out_channels, channels],
    ["unet.cross_attention_dim", contextWidth(unet), text.hidden_size],
    ["text_encoder.vocab_size", text.vocab_size, tokenizer.size],
    ["text_encoder.eos_token_id", text.eos_token_id, tokenizer.eos],
    [
      "text_encoder.max_position_embeddings",
      text.max_position_embeddings,
      Math.max(tokenizer.maxLength, text.max_position_embeddings),
    ],
  ];
  for (const [option, got, expected] of expectations) {
    if (got === expected) continue;
    throw new FollowspotError(
      `train: ${option}: expected ${expected}, to fit the other parts, got ${JSON.stringify(got)}.`,
    );
  }
}
