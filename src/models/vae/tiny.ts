// AutoencoderTiny (TAESD, Bohan 2023): plain convolutions with residual blocks, no normalisation.

import { add, mul, relu, tanh } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { activation } from "../../nn/activation.js";
import { conv, upsampleNearest2x } from "../../nn/conv.js";
import type { ConvOptions } from "../../nn/conv.js";
import type { Weights } from "../../nn/weights.js";
import type { AutoencoderTinyConfig } from "./tiny-config.js";

/** Latents beyond this are bent back towards it before decoding. */
const LATENT_BOUND = 3;

/** Three convolutions added to the input: [N, H, W, C] -> [N, H, W, C]. */
function residual(w: Weights, name: string, x: Value, act: (x: Value) => Value): Value {
  const channels = x.shape[3]!;
  let h = act(conv(w, `${name}.conv.0`, x, channels));
  h = act(conv(w, `${name}.conv.2`, h, channels));
  return relu(add(conv(w, `${name}.conv.4`, h, channels), x));
}

/** Layers of a torch Sequential under one name: each takes the next number. */
class Layers {
  private next = 0;

  constructor(
    private readonly w: Weights,
    private readonly name: string,
    private readonly act: (x: Value) => Value,
  ) {}

  conv(x: Value, channels: number, options: ConvOptions = {}): Value {
    return conv(this.w, `${this.name}.${this.next++}`, x, channels, options);
  }

  residuals(x: Value, blocks: number): Value {
    let h = x;
    for (let i = 0; i < blocks; i++) {
      h = residual(this.w, `${this.name}.${this.next++}`, h, this.act);
    }
    return h;
  }

  /** A layer without weights takes a number too. */
  plain(x: Value, layer: (x: Value) => Value): Value {
    this.next++;
    return layer(x);
  }
}

/**
 * Encodes pictures [N, H, W, in_channels] in [-1, 1] to latents, each stage after the first halving
 * the sides. The latents are raw: multiply them by scaling_factor for the denoiser.
 */
export function encodeTiny(w: Weights, config: AutoencoderTinyConfig, picture: Value): Value {
  const { encoder_block_out_channels: widths, num_encoder_blocks: blocks } = config;
  const layers = new Layers(w, "encoder.layers", activation(config.act_fn));
  let h = mul(add(picture, 1), 0.5);
  widths.forEach((width, stage) => {
    h = layers.conv(h, width, stage > 0 ? { stride: 2, bias: false } : {});
    h = layers.residuals(h, blocks[stage]!);
  });
  return layers.conv(h, config.latent_channels);
}

/**
 * Decodes raw latents [N, h, w, latent_channels] to pictures, about [-1, 1] and not clipped, each
 * stage before the last doubling the sides.
 */
export function decodeTiny(w: Weights, config: AutoencoderTinyConfig, latents: Value): Value {
  const { decoder_block_out_channels: widths, num_decoder_blocks: blocks } = config;
  const act = activation(config.act_fn);
  const layers = new Layers(w, "decoder.layers", act);
  let h = mul(tanh(mul(latents, 1 / LATENT_BOUND)), LATENT_BOUND);
  h = layers.plain(layers.conv(h, widths[0]!), act);
  widths.forEach((width, stage) => {
    const isLast = stage === widths.length - 1;
    h = layers.residuals(h, blocks[stage]!);
    if (!isLast) h = layers.plain(h, upsampleNearest2x);
    h = layers.conv(h, isLast ? config.out_channels : width, { bias: isLast });
  });
  return add(mul(h, 2), -1);
}
