// The configuration of a semantic encoder, and its forms for the usual sizes of pictures.

import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import { count, parseConfig, spread, unsupported } from "../config.js";

const MODEL = "semantic encoder";

const schema = z.object({
  sample_size: count,
  in_channels: count.default(3),
  block_out_channels: z.array(count).min(1),
  /** Stride of each block's convolution. */
  strides: z.union([count, z.array(count)]).default(2),
  /** Index of the block that attends; none when null. */
  attention_block: z.int().nonnegative().nullable(),
  num_attention_heads: count.default(4),
  norm_num_groups: count.default(32),
  /** Numbers that tell a picture. */
  latent_dim: count.default(512),
});

/** A semantic encoder's configuration, every default filled in. */
export type SemanticEncoderConfig = z.infer<typeof schema>;

/**
 * A configuration from the contents of a config.json.
 * Throws FollowspotError, naming the option, when one has a wrong value or does not fit the others.
 */
export function parseSemanticEncoderConfig(json: unknown): SemanticEncoderConfig {
  const config = parseConfig(MODEL, schema, json);
  const { block_out_channels: widths, norm_num_groups: groups, sample_size: size } = config;
  const stride = stridesOf(config).reduce((product, each) => product * each, 1);
  if (size % stride !== 0) {
    throw unsupported(MODEL, "sample_size", size, [`multiples of ${stride}`]);
  }
  const uneven = widths.find((channels) => channels % groups !== 0);
  if (uneven !== undefined) {
    throw unsupported(MODEL, "block_out_channels", uneven, [`multiples of ${groups}`]);
  }
  const { attention_block: block, num_attention_heads: heads } = config;
  if (block === null) return config;
  if (block >= widths.length) {
    throw unsupported(MODEL, "attention_block", block, [`below ${widths.length}`]);
  }
  if (widths[block]! % heads === 0) return config;
  throw unsupported(MODEL, "num_attention_heads", heads, [`divisors of ${widths[block]}`]);
}

/** Strides of the blocks. */
export function stridesOf({ strides, block_out_channels }: SemanticEncoderConfig) {
  return spread(MODEL, "strides", strides, block_out_channels.length);
}

/** Forms by size: at 64 as in PDAE (Zhang et al. 2022), at 128 as in the code of SFERD, smaller ones by the same rule. */
const FORMS: Readonly<
  Record<
    number,
    Pick<SemanticEncoderConfig, "strides" | "attention_block"> & {
      readonly widths: readonly number[];
    }
  >
> = {
  8: { widths: [1, 2], strides: [1, 2], attention_block: null },
  16: { widths: [1, 2, 2], strides: [1, 2, 2], attention_block: 0 },
  32: { widths: [1, 2, 2, 2], strides: [1, 2, 2, 2], attention_block: 1 },
  64: { widths: [1, 2, 2, 2], strides: [2, 2, 2, 2], attention_block: 1 },
  128: { widths: [1, 2, 4, 4, 4], strides: [2, 2, 2, 2, 2], attention_block: 2 },
};

/**
 * The encoder for pictures of 8 to 128 pixels: attention at 16x16, and 4x4 cells at the end.
 *
 * @param options - `width` of the first block, 64 when absent; a width that 32 groups do not divide has 8
 * @throws FollowspotError for another size
 */
export function semanticEncoderConfig(
  size: number,
  options: {
    readonly channels?: number;
    readonly latentDim?: number;
    readonly width?: number;
  } = {},
): SemanticEncoderConfig {
  const form = FORMS[size];
  if (!form) {
    const known = Object.keys(FORMS).join(", ");
    throw new FollowspotError(`semantic encoder: expected pictures of ${known}, got ${size}.`);
  }
  const { channels, latentDim, width = 64 } = options;
  const { widths, strides, attention_block } = form;
  return parseSemanticEncoderConfig({
    ...{ sample_size: size, in_channels: channels, latent_dim: latentDim },
    ...{ strides, attention_block, norm_num_groups: width % 32 === 0 ? 32 : 8 },
    block_out_channels: widths.map((factor) => factor * width),
  });
}
