// The noise schedule of a model: how much signal and noise each training timestep holds (Ho et al. 2020).

import { FollowspotError } from "../core/errors.js";
import type { Level } from "./denoiser.js";
import type { SchedulerConfig } from "./scheduler-config.js";

/** A discrete noise schedule. Immutable; samplers make their plans from it. */
export interface Schedule {
  readonly config: SchedulerConfig;
  /** Number of training timesteps; they run from 0 (least noise) to this minus one. */
  readonly trainTimesteps: number;
  /** `alpha^2` at each training timestep, falling. */
  readonly alphasCumprod: Float64Array;
}

/**
 * The schedule of a model. Computed in float64; diffusers' float32 tables differ from it by their own rounding, up to
 * 6e-8 in `alpha^2` times some hundred factors, which moves a sample by a few 1e-7 of its scale.
 *
 * @throws FollowspotError when the number of trained betas is not that of the timesteps.
 */
export function makeSchedule(config: SchedulerConfig): Schedule {
  const betas = betasOf(config);
  if (betas.length !== config.trainTimesteps) {
    throw new FollowspotError(
      `schedule: expected ${config.trainTimesteps} trained betas, got ${betas.length}.`,
    );
  }
  let product = 1;
  const alphasCumprod = Float64Array.from(betas, (beta) => (product *= 1 - beta));
  if (config.rescaleZeroSnr) rescaleToZeroSnr(alphasCumprod);
  return { config, trainTimesteps: betas.length, alphasCumprod };
}

/**
 * The level of a whole training timestep, exact at zero terminal SNR.
 *
 * @throws FollowspotError for a timestep outside the schedule.
 */
export function levelAt(schedule: Schedule, timestep: number): Level {
  const alphaSquared = schedule.alphasCumprod[timestep];
  if (alphaSquared === undefined) {
    throw new FollowspotError(
      `level: expected a whole timestep from 0 to ${schedule.trainTimesteps - 1}, got ${timestep}.`,
    );
  }
  return { alpha: Math.sqrt(alphaSquared), sigma: Math.sqrt(1 - alphaSquared), timestep };
}

/** How far a level is from the clean signal, as a fraction of the timestep range: 0 to 1, the same at any step count. */
export function noiseLevel(level: Level, trainTimesteps = 1000): number {
  return level.timestep / trainTimesteps;
}

/** `count` evenly spaced numbers from `first` to `last`, both included. */
export function linspace(first: number, last: number, count: number): number[] {
  if (count === 1) return [first];
  const step = (last - first) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : first + i * step));
}

function betasOf(config: SchedulerConfig): readonly number[] {
  const { betaStart, betaEnd, trainTimesteps, trainedBetas } = config;
  if (trainedBetas !== undefined) return trainedBetas;
  switch (config.betaSchedule) {
    case "linear":
      return linspace(betaStart, betaEnd, trainTimesteps);
    case "scaled_linear":
      return linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), trainTimesteps).map((b) => b * b);
    case "squaredcos_cap_v2":
      return cosineBetas(trainTimesteps);
    default:
      return config.betaSchedule satisfies never;
  }
}

// Nichol & Dhariwal 2021, equation 17, with betas capped so that the last steps stay finite.
function cosineBetas(count: number): number[] {
  const alphaBar = (t: number): number => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  return Array.from({ length: count }, (_, i) =>
    Math.min(1 - alphaBar((i + 1) / count) / alphaBar(i / count), 0.999),
  );
}

// Lin et al. 2023, algorithm 1: shift sqrt(alpha^2) so that the last is 0, and scale so that the first stays.
function rescaleToZeroSnr(alphasCumprod: Float64Array): void {
  const first = Math.sqrt(alphasCumprod[0]!);
  const last = Math.sqrt(alphasCumprod.at(-1)!);
  for (const [t, alphaSquared] of alphasCumprod.entries()) {
    alphasCumprod[t] = (((Math.sqrt(alphaSquared) - last) * first) / (first - last)) ** 2;
  }
}
