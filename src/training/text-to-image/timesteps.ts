// Which timesteps a model is trained at.

import { z } from "zod";

export const timestepsSchema = z.union([
  /** 1000·u^p with u uniform: below 1 there is more noise, where the text decides. */
  z.strictObject({ power: z.number().positive() }),
  /** 1000·sigmoid(m + s·n) with n normal: the middle, where shapes are made (Esser et al. 2024, section 3.1). */
  z.strictObject({ logit_mean: z.number(), logit_deviation: z.number().positive() }),
]);
export type TimestepChoice = z.infer<typeof timestepsSchema>;

/** Coefficients of Abramowitz and Stegun 26.2.23; the error of the quantile is below 4.5e-4. */
const TOP = [2.515517, 0.802853, 0.010328] as const;
const BOTTOM = [1.432788, 0.189269, 0.001308] as const;

/** The standard normal quantile of a probability in (0, 1). */
function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
  const top = TOP[0] + t * (TOP[1] + t * TOP[2]);
  const value = t - top / (1 + t * (BOTTOM[0] + t * (BOTTOM[1] + t * BOTTOM[2])));
  return p < 0.5 ? -value : value;
}

/** A timestep as a fraction of the range, in [0, 1], from a uniform number in [0, 1). */
export function timestepFraction(u: number, choice: TimestepChoice): number {
  if ("power" in choice) return u ** choice.power;
  if (u === 0) return 0;
  return 1 / (1 + Math.exp(-choice.logit_mean - choice.logit_deviation * normalQuantile(u)));
}
