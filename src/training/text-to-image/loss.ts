// The plain denoising loss of a text-to-image model on (latent, caption): nothing else enters its training.

import type { HostTensor } from "../../core/tensor.js";
import { mul, reshape } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { textEncoder } from "../../models/text-encoder/index.js";
import type { TextEncoderConfig } from "../../models/text-encoder/index.js";
import { unet } from "../../models/unet/index.js";
import type { UNetConfig } from "../../models/unet/index.js";
import { keepMaps } from "../../nn/attention.js";
import { ConstantWeights } from "../../nn/constant-weights.js";
import { scoped } from "../../nn/weights.js";
import { diffuse, meanSquaredError } from "../losses.js";
import type { LossBuilder } from "../step.js";

export interface TextToImageShape {
  readonly batch: number;
  /** Side of the latents in cells. */
  readonly latentSize: number;
  /** Tokens of a caption, padding included. */
  readonly tokens: number;
}

/**
 * The mean squared error of the velocity. Inputs: `latents` and `noise` [N, S, S, C], `alpha`, `sigma` and
 * `timestep` [N], `ids` int64 [N, T], and `visible` [N, T], 0 where a token's content is dropped, else 1.
 * Weights are named as in a pipeline folder: `unet.…` and `text_encoder.…`; a frozen text encoder's are given instead.
 */
export function textToImageLoss(
  unetConfig: UNetConfig,
  textConfig: TextEncoderConfig,
  { batch, latentSize, tokens }: TextToImageShape,
  frozenText?: ReadonlyMap<string, HostTensor>,
): LossBuilder {
  return (weights, graph) => {
    const input = (name: string, shape: readonly number[]): Value =>
      graph.input(name, "float32", shape);
    const picture = [batch, latentSize, latentSize, unetConfig.in_channels];
    const ids = graph.input("ids", "int64", [batch, tokens]);
    const textWeights = frozenText
      ? new ConstantWeights(graph, frozenText)
      : scoped(weights, "text_encoder");
    const encoded = textEncoder(textWeights, textConfig, ids).lastHiddenState;
    const visible = reshape(input("visible", [batch, tokens]), [batch, tokens, 1]);
    const { noisy, velocity } = diffuse(
      input("latents", picture),
      input("noise", picture),
      input("alpha", [batch]),
      input("sigma", [batch]),
    );
    const prediction = unet(scoped(weights, "unet"), unetConfig, {
      sample: noisy,
      timestep: input("timestep", [batch]),
      context: mul(encoded, visible),
      policy: keepMaps,
    });
    return { loss: meanSquaredError(prediction, velocity) };
  };
}
