// Plans of the samplers that work in the variance-exploding variable x / alpha, whose noise level is sigma / alpha.

import type { Level } from "../denoiser.js";
import { levelOfRatio } from "../parameterisations.js";
import { linspace } from "../schedule.js";
import type { Schedule } from "../schedule.js";
import { timestepsOf } from "../spacing.js";
import type { FinalSigma } from "../scheduler-config.js";
import type { Plan, PlannedStep } from "./sampler.js";

// What stands for zero terminal SNR where its ratio would be infinite; diffusers takes the same number.
const NEARLY_ZERO = 2 ** -24;

/** What of the configuration a sampler follows. */
export interface SigmaPlanOptions {
  /** Whether the Karras noise levels may be used. */
  readonly karras: boolean;
  readonly finalSigma: FinalSigma;
}

/**
 * Levels at the timesteps of the schedule's spacing (default `linspace`), by linear interpolation of sigma / alpha.
 * Timesteps are rounded to float32, as the networks of diffusers are fed them.
 */
export function sigmaPlan(schedule: Schedule, steps: number, options: SigmaPlanOptions): Plan {
  const { config, trainTimesteps } = schedule;
  const spacing = config.spacing ?? "linspace";
  const table = ratioTable(schedule);
  const offset = config.stepsOffset;
  const timesteps = timestepsOf({ spacing, steps, range: trainTimesteps, offset }).map(Math.fround);
  const ratios = timesteps.map((timestep) => interpolate(table, timestep));
  const levels = options.karras
    ? karrasLevels(table, ratios[0]!, ratios.at(-1)!, steps, Math.fround)
    : ratios.map((ratio, i) => levelOfRatio(ratio, timesteps[i]!));
  // Leading runs start at unit variance although their first level has a little signal; the others do not.
  const initialScale = spacing === "leading" ? 1 : levels[0]!.sigma;
  return { initialScale, steps: chained(levels, finalLevel(table, options.finalSigma)) };
}

/** sigma / alpha of each training timestep, finite at zero terminal SNR. */
export function ratioTable(schedule: Schedule): Float64Array {
  return schedule.alphasCumprod.map((alphaSquared) => {
    const kept = alphaSquared || NEARLY_ZERO;
    return Math.sqrt((1 - kept) / kept);
  });
}

/** Levels whose seventh roots of sigma / alpha are evenly spaced (Karras et al. 2022, equation 5). */
export function karrasLevels(
  table: Float64Array,
  most: number,
  least: number,
  steps: number,
  rounded: (timestep: number) => number,
): Level[] {
  const rho = 7;
  return linspace(most ** (1 / rho), least ** (1 / rho), steps).map((root) => {
    const ratio = root ** rho;
    return levelOfRatio(ratio, rounded(timestepOfRatio(table, ratio)));
  });
}

/** Where a run ends: the clean signal, or the least noise of the schedule. */
export function finalLevel(table: Float64Array, finalSigma: FinalSigma): Level {
  return levelOfRatio(finalSigma === "zero" ? 0 : table[0]!, 0);
}

/** Steps from each level to the one after it. */
export function chained(levels: readonly Level[], final: Level): PlannedStep[] {
  return levels.map((level, i) => ({ level, next: levels[i + 1] ?? final }));
}

function interpolate(table: Float64Array, timestep: number): number {
  const low = Math.floor(timestep);
  const share = timestep - low;
  return share === 0 ? table[low]! : (1 - share) * table[low]! + share * table[low + 1]!;
}

// The inverse of the table, linear in log(sigma / alpha).
function timestepOfRatio(table: Float64Array, ratio: number): number {
  const above = table.findIndex((entry) => entry > ratio);
  const last = table.length - 2;
  const low = above === -1 ? last : Math.min(Math.max(above - 1, 0), last);
  const from = Math.log(table[low]!);
  const share = (Math.log(ratio) - from) / (Math.log(table[low + 1]!) - from);
  return low + Math.min(Math.max(share, 0), 1);
}
