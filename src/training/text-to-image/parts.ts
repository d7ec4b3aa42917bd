// The trained parts that a text-to-image configuration builds on, checked to fit it before hours are spent.

import { FollowspotError } from "../../core/errors.js";
import { Tokenizer } from "../../models/tokenizer/index.js";
import { contextWidth } from "../../models/unet/config.js";
import type { AutoencoderTinyConfig } from "../../models/vae/index.js";
import { factorOf, readAutoencoder } from "../autoencoder/folder.js";
import type { Autoencoder } from "../autoencoder/folder.js";
import { shippedPath } from "../run/shipped.js";
import type { TextToImageConfig } from "./config.js";

/**
 * The autoencoder and the tokenizer of a configuration.
 *
 * @throws FollowspotError when one is missing or damaged, or the first option that does not fit the others
 */
export async function readParts(
  config: TextToImageConfig,
): Promise<{ autoencoder: Autoencoder; tokenizer: Tokenizer }> {
  const autoencoder = await readAutoencoder(config.autoencoder);
  const tokenizer = await Tokenizer.load(shippedPath(config.tokenizer));
  checkParts(config, autoencoder.config, tokenizer);
  return { autoencoder, tokenizer };
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
