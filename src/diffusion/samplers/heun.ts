// Heun's second-order steps in the variance-exploding variable (Karras et al. 2022, algorithm 1); two evaluations a step.

import { clipped, weightedSum } from "../elementwise.js";
import { noiseFactors, ratioOf } from "../parameterisations.js";
import { carryFactors } from "./sampler.js";
import type { Sampler } from "./sampler.js";
import { sigmaPlan } from "./sigma-plan.js";

export const heun: Sampler = {
  label: "Heun",
  diffusersClass: "HeunDiscreteScheduler",
  order: 2,
  memory: 0,
  stochastic: () => false,
  plan: (schedule, steps) =>
    sigmaPlan(schedule, steps, { karras: schedule.config.karras, finalSigma: "zero" }),
  async step({ schedule, here, next, denoise }) {
    const { clipSample, clipRange } = schedule.config;
    const range = clipSample ? clipRange : undefined;
    const x0 = clipped(here.x0, range);

    // Euler step; the clean level has no slope to correct with.
    const [a, b] = carryFactors(here.level, next.alpha, next.sigma);
    const predicted = weightedSum([a, here.x], [b, x0]);
    if (next.sigma === 0) return predicted;

    // Again with the mean of the slopes at both ends.
    const there = clipped(await denoise(predicted, next), range);
    const weight = (next.alpha * (ratioOf(next) - ratioOf(here.level))) / 2;
    const [hereX, hereX0] = noiseFactors(here.level);
    const [thereX, thereX0] = noiseFactors(next);
    return weightedSum(
      [next.alpha / here.level.alpha + weight * hereX, here.x],
      [weight * hereX0, x0],
      [weight * thereX, predicted],
      [weight * thereX0, there],
    );
  },
};
