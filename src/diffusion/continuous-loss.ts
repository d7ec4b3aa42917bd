// Weights of the denoising loss at a level, by what their loss is the plain squared error of (Salimans & Ho 2022).

import { PARAMETERISATIONS } from "./parameterisations.js";
import type { PredictionType } from "./parameterisations.js";
import type { LogSnrLevel } from "./log-snr.js";

/**
 * `constant` counts errors of the clean signal, `snr` those of the noise, `truncated-snr` whichever is larger, `alpha2`
 * those of the velocity.
 */
export const LOSS_WEIGHTINGS = ["truncated-snr", "constant", "snr", "alpha2"] as const;
export type LossWeighting = (typeof LOSS_WEIGHTINGS)[number];

// ln(1 + e^x) without overflow.
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** Logarithm of the factor of the clean signal's mean squared error: SNR = e^lambda in one form or another. */
const LOG_WEIGHTS: Record<LossWeighting, (logSnr: number) => number> = {
  "truncated-snr": (lambda) => Math.max(lambda, 0),
  constant: () => 0,
  snr: (lambda) => lambda,
  alpha2: softplus,
};

/** The factor of the clean signal's mean squared error. */
export function signalWeight(weighting: LossWeighting, { logSnr }: LogSnrLevel): number {
  return Math.exp(LOG_WEIGHTS[weighting](logSnr));
}

/**
 * The factor of the mean squared error of what the network predicts. It counts once, outside the square: an error of the
 * prediction is an error of the clean signal times a factor of the level, whose square is taken up here.
 */
export function outputWeight(
  weighting: LossWeighting,
  prediction: PredictionType,
  level: LogSnrLevel,
): number {
  const [, factor] = PARAMETERISATIONS[prediction].x0(level);
  return Math.exp(LOG_WEIGHTS[weighting](level.logSnr) + 2 * Math.log(Math.abs(factor)));
}
