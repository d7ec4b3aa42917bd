// Sampling of consistency-distilled models (Luo et al. 2023, arXiv 2310.04378, algorithm 3): the network's answer is the
// clean signal itself, and every further step begins from it with fresh noise.

import { FollowspotError } from "../../core/errors.js";
import { weightedSum } from "../elementwise.js";
import type { Level } from "../denoiser.js";
import { levelAt } from "../schedule.js";
import type { Schedule } from "../schedule.js";
import type { Plan, Sampler } from "./sampler.js";

/** Standard deviation of the data that the boundary condition's factors are made for. */
const DATA_DEVIATION = 0.5;
const CLEAN: Level = { alpha: 1, sigma: 0, timestep: 0 };

export const lcm: Sampler = {
  label: "LCM",
  diffusersClass: "LCMScheduler",
  order: 1,
  memory: 0,
  stochastic: () => true,
  plan,
  step({ schedule, here, next, noise }) {
    // c_skip and c_out: at timestep 0 the answer is the signal as it came.
    const scaled = here.level.timestep * schedule.config.timestepScaling;
    const spread = scaled ** 2 + DATA_DEVIATION ** 2;
    const skip = DATA_DEVIATION ** 2 / spread;
    const answer = weightedSum([scaled / Math.sqrt(spread), here.x0], [skip, here.x]);
    if (next.sigma === 0) return answer;
    return weightedSum([next.alpha, answer], [next.sigma, noise()]);
  },
};

// The timesteps that the distillation knew, every so manieth of them, the noisiest first.
function plan(schedule: Schedule, steps: number): Plan {
  const { config, trainTimesteps } = schedule;
  const known = Math.min(config.originalSteps, trainTimesteps);
  if (!Number.isInteger(steps) || steps < 1 || steps > known) {
    throw new FollowspotError(
      `steps: expected a whole number from 1 to ${known} with lcm, got ${steps}.`,
      { remedy: "The model was distilled on so many levels (original_inference_steps)." },
    );
  }
  const stride = Math.floor(trainTimesteps / known);
  const levels = Array.from({ length: steps }, (_, i) =>
    levelAt(schedule, (known - Math.floor((i * known) / steps)) * stride - 1),
  );
  return {
    initialScale: 1,
    steps: levels.map((level, i) => ({ level, next: levels[i + 1] ?? CLEAN })),
  };
}
