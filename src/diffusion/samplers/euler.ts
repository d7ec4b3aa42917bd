// Euler steps of the probability-flow ODE in the variance-exploding variable (Karras et al. 2022, algorithm 1).

import { weightedSum } from "../elementwise.js";
import { carryFactors } from "./sampler.js";
import type { Sampler } from "./sampler.js";
import { sigmaPlan } from "./sigma-plan.js";

export const euler: Sampler = {
  label: "Euler",
  diffusersClass: "EulerDiscreteScheduler",
  order: 1,
  memory: 0,
  stochastic: () => false,
  plan: (schedule, steps) => sigmaPlan(schedule, steps, schedule.config),
  step({ here, next }) {
    const [a, b] = carryFactors(here.level, next.alpha, next.sigma);
    return weightedSum([a, here.x], [b, here.x0]);
  },
};
