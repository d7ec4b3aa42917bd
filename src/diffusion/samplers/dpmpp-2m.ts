// DPM-Solver++ 2M: second-order multistep in log-SNR, on the clean-signal prediction (Lu et al. 2022, algorithm 2).

import { weightedSum } from "../elementwise.js";
import { levelOfRatio, logSnr, ratioOf } from "../parameterisations.js";
import type { Schedule } from "../schedule.js";
import { roundHalfEven, timestepsOf } from "../spacing.js";
import { chained, finalLevel, karrasLevels, ratioTable } from "./sigma-plan.js";
import type { Plan, Sampler, StepInput } from "./sampler.js";

// Below this many steps the last one is taken in first order.
const FEW_STEPS = 15;

export const dpmpp2m: Sampler = {
  label: "DPM++ 2M",
  diffusersClass: "DPMSolverMultistepScheduler",
  order: 2,
  memory: 1,
  stochastic: () => false,
  plan,
  step(input) {
    const { here, next, past } = input;
    // alpha' (1 - e^-h), with e^-h the quotient of the noise-to-signal ratios.
    const gain = next.alpha * (1 - ratioOf(next) / ratioOf(here.level));
    const keep = next.sigma / here.level.sigma;
    const before = past[0];
    if (before === undefined || firstOrder(input)) {
      return weightedSum([keep, here.x], [gain, here.x0]);
    }
    const h = logSnr(next) - logSnr(here.level);
    const h0 = logSnr(here.level) - logSnr(before.level);
    const slope = (0.5 * gain * h) / h0;
    return weightedSum([keep, here.x], [gain + slope, here.x0], [-slope, before.x0]);
  },
};

function firstOrder({ schedule, index, steps, next }: StepInput): boolean {
  const { eulerAtFinal, lowerOrderFinal } = schedule.config;
  const careful = eulerAtFinal || (lowerOrderFinal && steps < FEW_STEPS) || next.sigma === 0;
  return index === steps - 1 && careful;
}

function plan(schedule: Schedule, steps: number): Plan {
  const { config } = schedule;
  const table = ratioTable(schedule);
  const spacing = config.spacing ?? "linspace";
  // Half the log-SNR is -ln(ratio); cosine schedules leave out levels of almost pure noise by it.
  // Trailing steps share what is left; in diffusers they keep the full stride, and a run has fewer than asked.
  const range = table.filter((ratio) => -Math.log(ratio) >= config.lambdaMinClipped).length;
  const timesteps = timestepsOf({
    spacing,
    steps,
    range,
    offset: config.stepsOffset,
    openEnd: spacing !== "trailing",
  }).map(roundHalfEven);
  const whole = config.betaSchedule === "squaredcos_cap_v2" ? Math.trunc : roundHalfEven;
  const levels = config.karras
    ? karrasLevels(table, table.at(-1)!, table[0]!, steps, whole)
    : timesteps.map((timestep) => levelOfRatio(table[timestep]!, timestep));
  return { initialScale: 1, steps: chained(levels, finalLevel(table, config.finalSigma)) };
}
