// What a network predicts, as linear maps between its output, the noisy signal, the clean signal and the noise.

import { FollowspotError } from "../core/errors.js";
import { weightedSum } from "./elementwise.js";
import type { Latent, Level } from "./denoiser.js";

/** The prediction types of diffusers: the noise, the velocity, the clean signal. */
export const PREDICTION_TYPES = ["epsilon", "v_prediction", "sample"] as const;
export type PredictionType = (typeof PREDICTION_TYPES)[number];

/** Two factors of a linear map. */
export type Factors = readonly [number, number];

/** One prediction type: factors per level, so that graphs and host code share them. */
export interface Parameterisation {
  /** `x0 = a * x + b * output`. */
  readonly x0: (level: Level) => Factors;
  /** `eps = a * x + b * output`. */
  readonly eps: (level: Level) => Factors;
  /** What the network is trained to output: `a * x0 + b * eps`. */
  readonly target: (level: Level) => Factors;
}

const epsilon: Parameterisation = {
  x0: ({ alpha, sigma }) => {
    if (alpha === 0) {
      throw new FollowspotError(
        "epsilon prediction: expected alpha > 0, got 0: pure noise tells nothing of x0.",
        { remedy: "Use v_prediction with zero terminal SNR." },
      );
    }
    return [1 / alpha, -sigma / alpha];
  },
  eps: () => [0, 1],
  target: () => [0, 1],
};

// v = alpha * eps - sigma * x0 (Salimans & Ho 2022, appendix D); the power is 1 when variance is preserved.
const velocity: Parameterisation = {
  x0: ({ alpha, sigma }) => {
    const power = alpha ** 2 + sigma ** 2;
    return [alpha / power, -sigma / power];
  },
  eps: ({ alpha, sigma }) => {
    const power = alpha ** 2 + sigma ** 2;
    return [sigma / power, alpha / power];
  },
  target: ({ alpha, sigma }) => [-sigma, alpha],
};

const clean: Parameterisation = {
  x0: () => [0, 1],
  eps: (level) => noiseFactors(level),
  target: () => [1, 0],
};

/** The three prediction types by their diffusers name. */
export const PARAMETERISATIONS: Record<PredictionType, Parameterisation> = {
  epsilon,
  v_prediction: velocity,
  sample: clean,
};

/** What networks in continuous time put out: the velocity, the clean signal, the noise, or the last two side by side. */
export const HEADS = ["v", "x0", "eps", "both"] as const;
export type Head = (typeof HEADS)[number];

/**
 * The prediction type of a head. That of `both` is the velocity, `alpha * eps - sigma * x0` of its halves: the clean
 * signal that it gives is `sigma^2` parts the one half and `alpha^2` parts what the other half's noise leaves of x.
 */
export const PREDICTION_OF_HEAD: Record<Head, PredictionType> = {
  v: "v_prediction",
  x0: "sample",
  eps: "epsilon",
  both: "v_prediction",
};

/**
 * Factors of `eps = a * x + b * x0`.
 *
 * @throws FollowspotError at `sigma` 0, where there is no noise to tell.
 */
export function noiseFactors({ alpha, sigma }: Level): Factors {
  if (sigma === 0) throw new FollowspotError("noise estimate: expected sigma > 0, got 0.");
  return [1 / sigma, -alpha / sigma];
}

/**
 * The clean signal from a network's output.
 *
 * @throws FollowspotError for `epsilon` at `alpha` 0.
 */
export function toX0(prediction: PredictionType, output: Latent, x: Latent, level: Level): Latent {
  const [a, b] = PARAMETERISATIONS[prediction].x0(level);
  return weightedSum([a, x], [b, output]);
}

/**
 * The noise from a network's output.
 *
 * @throws FollowspotError for `sample` at `sigma` 0.
 */
export function toEps(prediction: PredictionType, output: Latent, x: Latent, level: Level): Latent {
  const [a, b] = PARAMETERISATIONS[prediction].eps(level);
  return weightedSum([a, x], [b, output]);
}

/** What the network should have output for this clean signal and noise: its training target. */
export function toTarget(
  prediction: PredictionType,
  x0: Latent,
  eps: Latent,
  level: Level,
): Latent {
  const [a, b] = PARAMETERISATIONS[prediction].target(level);
  return weightedSum([a, x0], [b, eps]);
}

/** `alpha * x0 + sigma * noise`: the clean signal brought to a noise level. */
export function addNoise(x0: Latent, noise: Latent, level: Level): Latent {
  return weightedSum([level.alpha, x0], [level.sigma, noise]);
}

/** `ln(alpha^2 / sigma^2)`; infinite at pure noise and at the clean signal. */
export function logSnr({ alpha, sigma }: Level): number {
  return 2 * (Math.log(alpha) - Math.log(sigma));
}

/** The variance-preserving level of a log-SNR: `alpha^2 = sigmoid(lambda)`, `sigma^2 = sigmoid(-lambda)`. */
export function levelOfLogSnr(lambda: number, timestep: number): Level {
  const alpha = 1 / Math.sqrt(1 + Math.exp(-lambda));
  const sigma = 1 / Math.sqrt(1 + Math.exp(lambda));
  return { alpha, sigma, timestep };
}

/** The variance-preserving level of a noise-to-signal ratio `sigma / alpha`, 0 to any finite number. */
export function levelOfRatio(ratio: number, timestep: number): Level {
  const alpha = 1 / Math.sqrt(1 + ratio ** 2);
  return { alpha, sigma: ratio * alpha, timestep };
}

/** `sigma / alpha`: the noise level of samplers that work in the variance-exploding variable; infinite at pure noise. */
export function ratioOf({ alpha, sigma }: Level): number {
  return sigma / alpha;
}
