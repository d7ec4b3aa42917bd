// Linear multistep (Adams-Bashforth, order 4) in the variance-exploding variable, as k-diffusion's sample_lms.

import { weightedSum } from "../elementwise.js";
import type { Term } from "../elementwise.js";
import { noiseFactors, ratioOf } from "../parameterisations.js";
import type { Sampler } from "./sampler.js";
import { sigmaPlan } from "./sigma-plan.js";

const ORDER = 4;

export const lms: Sampler = {
  label: "LMS",
  diffusersClass: "LMSDiscreteScheduler",
  order: ORDER,
  memory: ORDER - 1,
  stochastic: () => false,
  plan: (schedule, steps) =>
    sigmaPlan(schedule, steps, { karras: schedule.config.karras, finalSigma: "zero" }),
  step({ here, next, past }) {
    const points = [here, ...past];
    const weights = multistepWeights(
      points.map(({ level }) => ratioOf(level)),
      ratioOf(next),
    );
    // The slope d(x / alpha) / d(sigma / alpha) is the noise estimate, here written out in x and x0.
    const slopes = points.flatMap(({ x, x0, level }, k): Term[] => {
      const [a, b] = noiseFactors(level);
      const weight = next.alpha * weights[k]!;
      return [
        [weight * a, x],
        [weight * b, x0],
      ];
    });
    return weightedSum([next.alpha / here.level.alpha, here.x], ...slopes);
  },
};

/**
 * Integrals from `nodes[0]` to `end` of the Lagrange polynomials through `nodes` (at most 4, latest first).
 * Two-point Gauss-Legendre quadrature is exact for their degree, at most 3.
 */
export function multistepWeights(nodes: readonly number[], end: number): number[] {
  const half = (end - nodes[0]!) / 2;
  const middle = nodes[0]! + half;
  const points = [middle - half / Math.sqrt(3), middle + half / Math.sqrt(3)];
  return nodes.map((node, k) => {
    const lagrange = (tau: number): number =>
      nodes.reduce((product, other, j) => {
        return j === k ? product : (product * (tau - other)) / (node - other);
      }, 1);
    return half * points.reduce((sum, tau) => sum + lagrange(tau), 0);
  });
}
