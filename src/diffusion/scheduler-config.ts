// Reads a diffusers scheduler_config.json into typed values, and refuses what is not supported by name.

import { FollowspotError } from "../core/errors.js";
import { PREDICTION_TYPES } from "./parameterisations.js";
import type { PredictionType } from "./parameterisations.js";

export const BETA_SCHEDULES = ["linear", "scaled_linear", "squaredcos_cap_v2"] as const;
export type BetaSchedule = (typeof BETA_SCHEDULES)[number];

/** How the steps of a run are laid over the training timesteps (Lin et al. 2023, table 2). */
export const SPACINGS = ["leading", "trailing", "linspace"] as const;
export type Spacing = (typeof SPACINGS)[number];

export const FINAL_SIGMAS = ["zero", "sigma_min"] as const;
export type FinalSigma = (typeof FINAL_SIGMAS)[number];

/** The settings of a diffusers scheduler. An undefined one takes the default of whichever sampler is used. */
export interface SchedulerConfig {
  /** The diffusers class that wrote it, such as `DDIMScheduler`. */
  readonly className: string | undefined;
  readonly trainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: BetaSchedule;
  /** Betas given one by one; they win over the schedule. */
  readonly trainedBetas: readonly number[] | undefined;
  /** Rescales the betas so that the last level is pure noise. */
  readonly rescaleZeroSnr: boolean;
  readonly prediction: PredictionType;
  readonly spacing: Spacing | undefined;
  /** Added to the timesteps of `leading` spacing. */
  readonly stepsOffset: number;
  /** DDIM's last step ends at the clean signal (true) or at the level of timestep 0. */
  readonly setAlphaToOne: boolean;
  readonly clipSample: boolean | undefined;
  /** Largest magnitude of a clipped x0. */
  readonly clipRange: number;
  /** Noise levels after Karras et al. 2022, for the samplers that offer them. */
  readonly karras: boolean;
  readonly finalSigma: FinalSigma;
  /** Whether a DPM-Solver class is set to the one variant offered here: DPM-Solver++, order 2, midpoint. */
  readonly dpmpp2m: boolean;
  /** DPM-Solver++ leaves out timesteps whose half log-SNR is below this. */
  readonly lambdaMinClipped: number;
  /** DPM-Solver++ takes a first-order last step in runs of fewer than 15 steps. */
  readonly lowerOrderFinal: boolean;
  /** DPM-Solver++ always takes a first-order last step. */
  readonly eulerAtFinal: boolean;
  /** Levels that a consistency model was distilled on. */
  readonly originalSteps: number;
  /** LCM's factor on timesteps in the boundary condition. */
  readonly timestepScaling: number;
}

// Settings that change every step and that no sampler here follows: key, the only value that is accepted.
const FIXED: readonly (readonly [key: string, only: unknown])[] = [
  ["thresholding", false],
  ["use_exponential_sigmas", false],
  ["use_beta_sigmas", false],
  ["use_lu_lambdas", false],
  ["use_flow_sigmas", false],
  ["interpolation_type", "linear"],
  ["timestep_type", "discrete"],
  ["sigma_min", null],
  ["sigma_max", null],
];

type Json = Readonly<Record<string, unknown>>;

/**
 * Settings from the text of a scheduler_config.json. Python's `Infinity` is understood: diffusers writes it.
 *
 * @throws FollowspotError when it is no JSON object, or a setting is unknown or not supported.
 */
export function readSchedulerConfig(text: string): SchedulerConfig {
  let json: unknown;
  try {
    // JSON has no infinity; a number beyond the range of doubles reads as one.
    json = JSON.parse(text.replace(/:\s*(-?)Infinity\b/g, ": $11e999"));
  } catch (cause) {
    throw new FollowspotError("scheduler_config.json: expected JSON, got something else.", {
      cause,
    });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw fault("an object", json);
  }
  return schedulerConfig(json as Json);
}

/**
 * Settings from a parsed scheduler_config.json; missing and null ones take diffusers' defaults.
 *
 * @throws FollowspotError naming the setting, its value and the allowed ones.
 */
export function schedulerConfig(json: Json): SchedulerConfig {
  for (const [key, only] of FIXED) {
    const value = json[key] ?? only;
    if (value !== only) throw fault(`${key} to be ${JSON.stringify(only)}`, value);
  }
  return {
    className: typeof json["_class_name"] === "string" ? json["_class_name"] : undefined,
    trainTimesteps: count(json, "num_train_timesteps", 1000, 1),
    betaStart: number(json, "beta_start", 0.0001),
    betaEnd: number(json, "beta_end", 0.02),
    betaSchedule: oneOf(json, "beta_schedule", BETA_SCHEDULES) ?? "linear",
    trainedBetas: numbers(json, "trained_betas"),
    rescaleZeroSnr: flag(json, "rescale_betas_zero_snr") ?? false,
    prediction: oneOf(json, "prediction_type", PREDICTION_TYPES) ?? "epsilon",
    spacing: oneOf(json, "timestep_spacing", SPACINGS),
    stepsOffset: count(json, "steps_offset", 0, 0),
    setAlphaToOne: flag(json, "set_alpha_to_one") ?? true,
    clipSample: flag(json, "clip_sample"),
    clipRange: number(json, "clip_sample_range", 1),
    karras: flag(json, "use_karras_sigmas") ?? false,
    finalSigma: oneOf(json, "final_sigmas_type", FINAL_SIGMAS) ?? "zero",
    dpmpp2m:
      (json["algorithm_type"] ?? "dpmsolver++") === "dpmsolver++" &&
      (json["solver_type"] ?? "midpoint") === "midpoint" &&
      (json["solver_order"] ?? 2) === 2,
    lambdaMinClipped: number(json, "lambda_min_clipped", -Infinity),
    lowerOrderFinal: flag(json, "lower_order_final") ?? true,
    eulerAtFinal: flag(json, "euler_at_final") ?? false,
    originalSteps: count(json, "original_inference_steps", 50, 1),
    timestepScaling: number(json, "timestep_scaling", 10),
  };
}

function fault(expected: string, got: unknown): FollowspotError {
  const value = JSON.stringify(got) ?? String(got);
  return new FollowspotError(`scheduler_config.json: expected ${expected}, got ${value}.`);
}

function number(json: Json, key: string, fallback: number): number {
  const value = json[key] ?? fallback;
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw fault(`${key} to be a number`, value);
  }
  return value;
}

function count(json: Json, key: string, fallback: number, least: number): number {
  const value = number(json, key, fallback);
  if (!Number.isInteger(value) || value < least) {
    throw fault(`${key} to be a whole number, at least ${least}`, value);
  }
  return value;
}

function flag(json: Json, key: string): boolean | undefined {
  const value = json[key] ?? undefined;
  if (value !== undefined && typeof value !== "boolean") {
    throw fault(`${key} to be true or false`, value);
  }
  return value;
}

function numbers(json: Json, key: string): number[] | undefined {
  const value = json[key] ?? undefined;
  if (value === undefined) return undefined;
  const good = (beta: unknown): boolean => typeof beta === "number" && beta >= 0 && beta <= 1;
  if (!Array.isArray(value) || value.length === 0 || !value.every(good)) {
    throw fault(`${key} to be a list of numbers from 0 to 1`, value);
  }
  return value as number[];
}

function oneOf<T extends string>(json: Json, key: string, allowed: readonly T[]): T | undefined {
  const value = json[key] ?? undefined;
  if (value === undefined || allowed.includes(value as T)) return value as T | undefined;
  throw fault(`${key} to be one of ${allowed.join(", ")}`, value);
}
