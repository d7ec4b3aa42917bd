// Noise schedules in continuous time: the log-SNR as a function of t in [0, 1] (Kingma et al. 2021; Salimans & Ho 2022).

import { FollowspotError } from "../core/errors.js";
import type { Level } from "./denoiser.js";
import { levelOfLogSnr } from "./parameterisations.js";

/**
 * How the signal falls with t: `cosine` as a cosine, `linear` with alpha^2 linear in t, `sigmoid` with the log-SNR
 * linear in t, `legacy` as the linear betas of DDPM (Ho et al. 2020) made continuous.
 */
export const LOG_SNR_KINDS = ["cosine", "linear", "sigmoid", "legacy"] as const;
export type LogSnrKind = (typeof LOG_SNR_KINDS)[number];

export interface LogSnrOptions {
  readonly kind: LogSnrKind;
  /** Log-SNR at t = 1; -20 when absent. */
  readonly min?: number | undefined;
  /** Log-SNR at t = 0; 20 when absent. */
  readonly max?: number | undefined;
}

/** A level that knows its log-SNR, `ln(alpha^2 / sigma^2)`. */
export interface LogSnrLevel extends Level {
  readonly logSnr: number;
}

/** A noise schedule in continuous time. Immutable. */
export interface LogSnrSchedule {
  readonly kind: LogSnrKind;
  readonly min: number;
  readonly max: number;
  /** Log-SNR at t from 0 (`max`) to 1 (`min`), falling. Throws FollowspotError outside of it. */
  readonly logSnr: (t: number) => number;
  /** The variance-preserving level at t; its timestep is `timestepAt(t)`. Throws as `logSnr`. */
  readonly level: (t: number) => LogSnrLevel;
}

/** Timesteps from t = 0 to t = 1. */
export const TIMESTEPS = 1000;

/**
 * What a network's time embedding is fed at t: `1000 t - 1`. The training timesteps of diffusers run from 0 to 999,
 * and timestep i stands for t = (i + 1) / 1000, so that a scheduler with `trainedBetas` feeds the same.
 */
export function timestepAt(t: number): number {
  return TIMESTEPS * t - 1;
}

/**
 * A schedule by its name and limits.
 *
 * @throws FollowspotError unless the limits are finite and `min` is below `max`
 */
export function logSnrSchedule({ kind, min = -20, max = 20 }: LogSnrOptions): LogSnrSchedule {
  if (!(Number.isFinite(min) && Number.isFinite(max) && min < max)) {
    throw new FollowspotError(`log-SNR: expected min < max, got ${min} and ${max}.`);
  }
  const between = BETWEEN[kind](min, max);
  const logSnr = (t: number): number => {
    if (!(t >= 0 && t <= 1)) {
      throw new FollowspotError(`log-SNR: expected t from 0 to 1, got ${t}.`);
    }
    // The ends are the limits themselves, without the rounding of the formulas.
    if (t === 0) return max;
    return t === 1 ? min : between(t);
  };
  const level = (t: number): LogSnrLevel => {
    const lambda = logSnr(t);
    return { ...levelOfLogSnr(lambda, timestepAt(t)), logSnr: lambda };
  };
  return { kind, min, max, logSnr, level };
}

type Between = (min: number, max: number) => (t: number) => number;

const BETWEEN: Record<LogSnrKind, Between> = {
  cosine: (min, max) => {
    const angle = (lambda: number): number => Math.atan(Math.exp(-lambda / 2));
    const [first, last] = [angle(max), angle(min)];
    return (t) => -2 * Math.log(Math.tan(first + t * (last - first)));
  },
  // alpha^2 and sigma^2 apart: neither is 1 minus the other near the ends in floating point.
  linear: (min, max) => (t) =>
    Math.log((1 - t) * sigmoid(max) + t * sigmoid(min)) -
    Math.log((1 - t) * sigmoid(-max) + t * sigmoid(-min)),
  sigmoid: (min, max) => (t) => max + t * (min - max),
  legacy: (min, max) => {
    const [first, last] = [logSigmoid(max), logSigmoid(min)];
    const whole = summedLogSignal(1);
    return (t) => logit(first + ((last - first) * summedLogSignal(t)) / whole);
  },
};

// Betas of DDPM, from 0.0001 to 0.02.
const FIRST_BETA = 1e-4;
const BETA_RANGE = 0.02 - FIRST_BETA;

/** The integral of ln(1 - beta) from 0 to t, where beta is linear in t. */
function summedLogSignal(t: number): number {
  const primitive = (beta: number): number => -(1 - beta) * (Math.log1p(-beta) - 1);
  return (primitive(FIRST_BETA + BETA_RANGE * t) - primitive(FIRST_BETA)) / BETA_RANGE;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function logSigmoid(x: number): number {
  return x < 0 ? x - Math.log1p(Math.exp(x)) : -Math.log1p(Math.exp(-x));
}

/** ln(p / (1 - p)) from ln(p). */
function logit(logP: number): number {
  return logP - Math.log(-Math.expm1(logP));
}

// 1 - beta as a whole number of these is exact in float32, in which diffusers holds it.
const GRAIN = 2 ** -24;

/**
 * Betas with which the schedulers of diffusers have this schedule's levels: timestep i is t = (i + 1) / count. Each beta
 * takes up the rounding of those before it, so `alpha^2` is within 6e-8 everywhere, which is what float32 tells apart
 * near 1.
 */
export function trainedBetas(schedule: LogSnrSchedule, count = TIMESTEPS): number[] {
  let product = 1;
  return Array.from({ length: count }, (_, i) => {
    const { alpha } = schedule.level((i + 1) / count);
    const kept = Math.min(Math.max(Math.round(alpha ** 2 / product / GRAIN), 1), 1 / GRAIN) * GRAIN;
    product *= kept;
    return 1 - kept;
  });
}
