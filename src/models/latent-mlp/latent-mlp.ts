// The network of latent diffusion over short vectors, MLPSkipNet (Preechakul et al. 2022, arXiv 2111.15640).

import { FollowspotError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import { add, concat, mul, silu } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { linear } from "../../nn/linear.js";
import { layerNorm } from "../../nn/norm.js";
import { timestepSinusoids } from "../../nn/timestep.js";
import type { Weights } from "../../nn/weights.js";
import type { LatentMlpConfig } from "./config.js";

/**
 * The noise in noisy vectors: [N, latent_dim] at timesteps [N] -> [N, latent_dim]. Every layer but the first sees the
 * input again, and every layer but the last is scaled by the timestep.
 *
 * Throws FollowspotError when the vectors do not fit the configuration.
 */
export function latentMlp(
  w: Weights,
  config: LatentMlpConfig,
  { latent, timestep }: { readonly latent: Value; readonly timestep: Value },
): Value {
  const { latent_dim: width, hidden_dim: hidden, num_layers: layers } = config;
  if (latent.shape.length !== 2 || latent.shape[1] !== width) {
    throw new FollowspotError(`latent mlp: expected ?x${width}, got ${formatShape(latent.shape)}.`);
  }
  const waves = timestepSinusoids(timestep, config.time_embedding_dim, {
    flipSinToCos: true,
    downscaleFreqShift: 0,
  });
  const first = silu(linear(w, "time_embedding.linear_1", waves, width));
  const time = silu(linear(w, "time_embedding.linear_2", first, width));
  let h = latent;
  for (let i = 0; i < layers - 1; i++) {
    const name = `layers.${i}`;
    const x = i === 0 ? h : concat([h, latent], 1);
    const scale = add(linear(w, `${name}.time_emb_proj`, time, hidden), 1);
    const y = mul(linear(w, `${name}.linear`, x, hidden), scale);
    h = silu(layerNorm(w, `${name}.norm`, y));
  }
  return linear(w, `layers.${layers - 1}.linear`, concat([h, latent], 1), width);
}
