// DDIM (Song et al. 2021), with eta from 0 (no noise) to 1 (the ancestral sampler of DDPM).

import { clipped, weightedSum } from "../elementwise.js";
import type { Level } from "../denoiser.js";
import { noiseFactors } from "../parameterisations.js";
import { levelAt } from "../schedule.js";
import type { Schedule } from "../schedule.js";
import { roundHalfEven, timestepsOf } from "../spacing.js";
import type { Plan, Sampler } from "./sampler.js";

export const ddim: Sampler = {
  label: "DDIM",
  diffusersClass: "DDIMScheduler",
  order: 1,
  memory: 0,
  stochastic: (eta) => eta > 0,
  plan,
  step({ schedule, here, next, eta, noise }) {
    const { clipSample, clipRange } = schedule.config;
    const std = eta * ancestralDeviation(here.level, next);
    const kept = Math.sqrt(Math.max(next.sigma ** 2 - std ** 2, 0));
    // The direction keeps the noise of the x0 as it was before clipping.
    const [a, b] = noiseFactors(here.level);
    const x0 = clipped(here.x0, (clipSample ?? true) ? clipRange : undefined);
    const moved = weightedSum([next.alpha, x0], [kept * a, here.x], [kept * b, here.x0]);
    return std > 0 ? weightedSum([1, moved], [std, noise()]) : moved;
  },
};

// As in diffusers, a step goes to the timestep one stride earlier, which with spacings that do not divide the range
// is not exactly where the next one starts.
function plan(schedule: Schedule, steps: number): Plan {
  const { config, trainTimesteps } = schedule;
  const spacing = config.spacing ?? "leading";
  const offset = config.stepsOffset;
  const stride = Math.floor(trainTimesteps / steps);
  const clean = config.setAlphaToOne ? { alpha: 1, sigma: 0, timestep: 0 } : levelAt(schedule, 0);
  const timesteps = timestepsOf({ spacing, steps, range: trainTimesteps, offset }).map(
    roundHalfEven,
  );
  return {
    initialScale: 1,
    steps: timesteps.map((timestep) => ({
      level: levelAt(schedule, timestep),
      next: timestep >= stride ? levelAt(schedule, timestep - stride) : clean,
    })),
  };
}

// Equation 16 of the paper with eta 1.
function ancestralDeviation(here: Level, next: Level): number {
  const variance = (next.sigma / here.sigma) ** 2 * (1 - (here.alpha / next.alpha) ** 2);
  return Math.sqrt(Math.max(variance, 0));
}
