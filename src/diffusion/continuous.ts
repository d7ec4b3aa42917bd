// Sampling in continuous time: levels at even steps from t = 1 to the clean signal, for any log-SNR schedule.

import { FollowspotError } from "../core/errors.js";
import { clipped, weightedSum } from "./elementwise.js";
import type { Denoiser, Level } from "./denoiser.js";
import { TIMESTEPS, timestepAt } from "./log-snr.js";
import type { LogSnrSchedule } from "./log-snr.js";
import { logSnr } from "./parameterisations.js";
import { schedulerConfig } from "./scheduler-config.js";
import type { Schedule } from "./schedule.js";
import { ddim } from "./samplers/ddim.js";
import { dpmpp2m } from "./samplers/dpmpp-2m.js";
import type { SampleOptions } from "./samplers/sample.js";
import type { Plan, PlannedStep, Sampler, StepInput } from "./samplers/sampler.js";

export const CONTINUOUS_SAMPLERS = ["ddim", "ancestral", "dpm++2m"] as const;
export type ContinuousSampler = (typeof CONTINUOUS_SAMPLERS)[number];

/** Variances of ancestral steps: the posterior's at a point mass, at unit variance, and between them in logarithms. */
export const VARIANCES = ["fixed_small", "fixed_large", "fixed_medium"] as const;
export type Variance = (typeof VARIANCES)[number];

export interface ContinuousOptions {
  readonly schedule: LogSnrSchedule;
  readonly sampler: ContinuousSampler;
  /** Of ancestral steps; fixed_small when absent. */
  readonly variance?: Variance | undefined;
  /** Share of the large variance in the medium one, 0 to 1; 0.3 when absent. */
  readonly share?: number | undefined;
}

/** The clean signal, where every run ends. */
export const CLEAN: Level = { alpha: 1, sigma: 0, timestep: timestepAt(0) };

/**
 * What `sample` needs for a run in continuous time: `sample({ ...continuously(options), denoiser, steps, ... })`.
 * What is clipped is the denoiser's to say: see `clipping`.
 *
 * @throws FollowspotError for a share outside of 0 to 1
 */
export function continuously(
  options: ContinuousOptions,
): Pick<SampleOptions, "schedule" | "sampler"> {
  const { schedule } = options;
  const plan = (_discrete: Schedule, steps: number): Plan => evenPlan(schedule, steps);
  return { schedule: discrete(schedule), sampler: { ...stepsOf(options), plan } };
}

/** A denoiser whose clean pictures are cut to [-range, range], so that every sampler steps with those. */
export function clipping(denoiser: Denoiser, range = 1): Denoiser {
  return {
    async denoise(...asked) {
      const prediction = await denoiser.denoise(...asked);
      return { ...prediction, x0: clipped(prediction.x0, range) };
    },
  };
}

/** A sampler but for its plan, which continuous time gives it. */
type Steps = Omit<Sampler, "plan">;

function stepsOf({ sampler, variance = "fixed_small", share = 0.3 }: ContinuousOptions): Steps {
  if (!(share >= 0 && share <= 1)) {
    throw new FollowspotError(`variance: expected a share from 0 to 1, got ${share}.`);
  }
  const largeShare = { fixed_small: 0, fixed_large: 1, fixed_medium: share }[variance];
  const samplers = { ddim, ancestral: ancestral(largeShare), "dpm++2m": dpmpp2m };
  return samplers[sampler];
}

/** Levels at t = 1, 1 - 1/steps, ... 1/steps, and the clean signal at the end. */
function evenPlan(schedule: LogSnrSchedule, steps: number): Plan {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new FollowspotError(`steps: expected a whole number, at least 1, got ${steps}.`);
  }
  const levels = Array.from({ length: steps }, (_, i) => schedule.level((steps - i) / steps));
  const step = (level: Level, i: number): PlannedStep => ({ level, next: levels[i + 1] ?? CLEAN });
  return { initialScale: 1, steps: levels.map(step) };
}

/** The schedule at whole timesteps, for samplers that look at its configuration. */
function discrete({ level }: LogSnrSchedule): Schedule {
  const config = schedulerConfig({ num_train_timesteps: TIMESTEPS, clip_sample: false });
  const alphasCumprod = Float64Array.from(
    { length: TIMESTEPS },
    (_, i) => level((i + 1) / TIMESTEPS).alpha ** 2,
  );
  return { config, trainTimesteps: TIMESTEPS, alphasCumprod };
}

/** Steps to the posterior's mean and fresh noise (Ho et al. 2020, equation 7), the last without noise. */
function ancestral(largeShare: number): Steps {
  return {
    label: "Ancestral",
    diffusersClass: "DDPMScheduler",
    order: 1,
    memory: 0,
    stochastic: () => true,
    step({ here, next, noise }: StepInput) {
      if (next.sigma === 0) return here.x0;
      const lambda = logSnr(here.level) - logSnr(next);
      // 1 - e^lambda, the share of the signal's noise that is new.
      const fresh = -Math.expm1(lambda);
      const kept = (Math.exp(lambda) * next.alpha) / here.level.alpha;
      const mean = weightedSum([kept, here.x], [fresh * next.alpha, here.x0]);
      const sigma = here.level.sigma ** largeShare * next.sigma ** (1 - largeShare);
      return weightedSum([1, mean], [Math.sqrt(fresh) * sigma, noise()]);
    },
  };
}
