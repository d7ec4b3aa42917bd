// Step-by-step parity with Python's diffusers; the goldens and their recipe: scripts/goldens/schedulers.py.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { floats } from "../../core/tensor.js";
import type { Denoiser, Latent, Level } from "../denoiser.js";
import { toX0 } from "../parameterisations.js";
import { makeSchedule } from "../schedule.js";
import type { Schedule } from "../schedule.js";
import { schedulerConfig } from "../scheduler-config.js";
import { SAMPLERS, SAMPLER_NAMES } from "./registry.js";
import type { SamplerName } from "./registry.js";
import { sample } from "./sample.js";

interface Case {
  name: string;
  config: Record<string, unknown>;
  steps: number;
  eta: number;
  /** How far diffusers' float32 run is from its own formulas in float64, relative to each step's scale. */
  rounding: number;
  /** From the float64 run. */
  timesteps: number[];
  sigmas?: number[];
  /** The signal after each step, float32 as diffusers is shipped. */
  x: number[][];
  /** The same in float64, where float32 rounds away more than 2e-6. */
  exact?: number[][];
}

const SHAPE = [1, 2, 2, 2];
const NOISE = golden("noise") as { initial: number[]; steps: number[][] };
// These keep alpha * x0 + sigma * eps in diffusers too; the others keep x / alpha.
const VARIANCE_PRESERVING: readonly SamplerName[] = ["ddim", "dpm++2m", "lcm"];

function golden(name: string): unknown {
  const url = new URL(`../../../test/golden/schedulers/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

function network(schedule: Schedule, seen: Level[]): Denoiser {
  return {
    denoise: async (x: Latent, level: Level) => {
      seen.push(level);
      const output = x.data.map((v, i) => 0.3 * v + 0.1 * Math.cos(level.timestep / 200 + i));
      return { x0: toX0(schedule.config.prediction, floats(x.shape, output), x, level) };
    },
  };
}

async function run(sampler: SamplerName, { config, steps, eta }: Case) {
  const schedule = makeSchedule(schedulerConfig(config));
  const { steps: planned } = SAMPLERS[sampler].plan(schedule, steps);
  const signals: number[][] = [];
  const options = {
    denoiser: network(schedule, []),
    condition: { embeddings: floats([1, 0, 0], []), conditional: [true] },
    schedule,
    sampler,
    steps,
    eta,
    noise: floats(SHAPE, NOISE.initial),
    stepNoise: (index: number) => floats(SHAPE, NOISE.steps[index]!),
  };
  for await (const { x, step } of sample(options)) {
    const scale = VARIANCE_PRESERVING.includes(sampler) ? 1 : planned[step - 1]!.next.alpha;
    signals.push(Array.from(x.data, (value) => value / scale));
  }
  return { planned, signals };
}

/** Largest difference of a step, relative to the largest magnitude of that step. */
function worst(ours: number[][], theirs: number[][]): number {
  expect(ours.length).toBe(theirs.length);
  const errors = theirs.map((row, step) => {
    const difference = row.map((value, i) => Math.abs(value - ours[step]![i]!));
    return Math.max(...difference) / Math.max(...row.map(Math.abs));
  });
  expect(errors.every(Number.isFinite)).toBe(true);
  return Math.max(...errors);
}

describe.each(SAMPLER_NAMES)("%s takes the steps of diffusers", (sampler) => {
  const cases = golden(sampler) as Case[];

  it.each(cases)("$name, $steps steps", async (each) => {
    const { planned, signals } = await run(sampler, each);
    planned.forEach(({ level }, i) => {
      expect(Math.abs(level.timestep - each.timesteps[i]!)).toBeLessThan(1e-4);
      if (each.sigmas === undefined) return;
      const theirs = each.sigmas[i]!;
      expect(Math.abs(level.sigma / level.alpha - theirs) / theirs).toBeLessThan(1e-6);
    });
    // Where float32 itself is off by more than 2e-6, the float64 run judges, and float32 is met up to its own error.
    if (each.exact) expect(worst(signals, each.exact)).toBeLessThan(2e-6);
    expect(worst(signals, each.x)).toBeLessThan(each.exact ? 1e-5 + each.rounding : 1e-5);
  });
});

describe("timesteps at awkward step counts", () => {
  const cases = golden("spacings") as {
    sampler: SamplerName;
    spacing: string;
    steps: number;
    timesteps: number[];
  }[];

  it.each(cases)("$sampler, $spacing, $steps steps", ({ sampler, spacing, steps, timesteps }) => {
    const schedule = makeSchedule(schedulerConfig({ timestep_spacing: spacing }));
    const planned = SAMPLERS[sampler].plan(schedule, steps).steps;
    expect(planned.map(({ level }) => level.timestep)).toEqual(timesteps.map(Math.fround));
  });
});
