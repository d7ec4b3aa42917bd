// Euler steps to below the next level, and fresh noise up to it: the ancestral sampler in k-diffusion's form.

import { weightedSum } from "../elementwise.js";
import { ratioOf } from "../parameterisations.js";
import { carryFactors } from "./sampler.js";
import type { Sampler } from "./sampler.js";
import { sigmaPlan } from "./sigma-plan.js";

export const eulerAncestral: Sampler = {
  label: "Euler a",
  diffusersClass: "EulerAncestralDiscreteScheduler",
  order: 1,
  memory: 0,
  stochastic: () => true,
  plan: (schedule, steps) => sigmaPlan(schedule, steps, { karras: false, finalSigma: "zero" }),
  step({ here, next, noise }) {
    const from = ratioOf(here.level);
    const to = ratioOf(next);
    // up^2 is the variance of the noise at `to` given x0 and the signal at `from`; up^2 + down^2 = to^2.
    const up = (to * Math.sqrt(from ** 2 - to ** 2)) / from;
    const down = to ** 2 / from;
    const [a, b] = carryFactors(here.level, next.alpha, next.alpha * down);
    const moved = weightedSum([a, here.x], [b, here.x0]);
    return up > 0 ? weightedSum([1, moved], [next.alpha * up, noise()]) : moved;
  },
};
