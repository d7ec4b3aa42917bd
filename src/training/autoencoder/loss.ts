// An autoencoder's loss: pictures come back through noisy latents, and latents keep near unit variance.

import { abs, add, mean, mul, sub } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { decodeTiny, encodeTiny } from "../../models/vae/index.js";
import type { LossBuilder } from "../step.js";
import type { AutoencoderConfig } from "./config.js";
import { factorOf } from "./folder.js";

/** The distance of each channel's mean from 0 and of its mean square from 1, squared; latents [N, h, w, C]. */
function momentsPenalty(latents: Value): Value {
  const perChannel = { axes: [0, 1, 2] };
  const first = mean(latents, perChannel);
  const second = sub(mean(mul(latents, latents), perChannel), 1);
  return add(mean(mul(first, first)), mean(mul(second, second)));
}

/**
 * Mean squared plus weighted mean absolute difference of the pictures, plus the weighted penalty of the
 * latents' moments. Inputs: `pictures` [N, crop, crop, 3] in [-1, 1] and `noise` [N, h, w, C], standard
 * normal. Reports `squared`, the mean squared difference, and `moments`, the penalty.
 */
export function autoencoderLoss(config: AutoencoderConfig, batch: number): LossBuilder {
  const { autoencoder, crop } = config;
  const side = crop / factorOf(autoencoder);
  return (weights, graph) => {
    const input = (name: string, shape: readonly number[]): Value =>
      graph.input(name, "float32", shape);
    const pictures = input("pictures", [batch, crop, crop, autoencoder.in_channels]);
    const noise = input("noise", [batch, side, side, autoencoder.latent_channels]);
    const latents = encodeTiny(weights, autoencoder, pictures);
    const noisy = add(latents, mul(noise, config.latent_noise));
    const difference = sub(decodeTiny(weights, autoencoder, noisy), pictures);
    const squared = mean(mul(difference, difference));
    const moments = momentsPenalty(latents);
    const absolute = mul(mean(abs(difference)), config.absolute_weight);
    const loss = add(add(squared, absolute), mul(moments, config.moments_weight));
    return { loss, report: { squared, moments } };
  };
}
