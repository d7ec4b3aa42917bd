// One suite that every sampler passes: exact where theory says so, converging, deterministic, abortable.

import { describe, expect, it } from "vitest";
import { floats } from "../../core/tensor.js";
import type { Condition, Denoiser, Latent, Level } from "../denoiser.js";
import { makeSchedule, noiseLevel } from "../schedule.js";
import { schedulerConfig } from "../scheduler-config.js";
import { SAMPLERS, SAMPLER_NAMES } from "./registry.js";
import type { SamplerName } from "./registry.js";
import { sample, sampleToEnd } from "./sample.js";
import type { SampleOptions } from "./sample.js";
import { collect, consistent, gaussian, normal } from "./test-gaussian.js";

const STABLE_DIFFUSION = {
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  timestep_spacing: "leading",
  steps_offset: 1,
  clip_sample: false,
};
const SCHEDULE = makeSchedule(schedulerConfig(STABLE_DIFFUSION));
const CONDITION: Condition = { embeddings: floats([1, 0, 0], []), conditional: [true] };

function options(sampler: SamplerName, rest: Partial<SampleOptions> = {}): SampleOptions {
  return {
    denoiser: gaussian(0.3, 0.5),
    condition: CONDITION,
    schedule: SCHEDULE,
    sampler,
    steps: 10,
    noise: normal(16, 1),
    stepNoise: (index) => normal(16, index + 2),
    ...rest,
  };
}

/** Largest distance from the exact flow of the Gaussian, where a run first comes below timestep 300. */
async function flowError(sampler: SamplerName, steps: number): Promise<number> {
  const [mean, deviation] = [0.3, 0.5];
  const plan = SAMPLERS[sampler].plan(SCHEDULE, steps);
  const spread = ({ alpha, sigma }: Level): number => Math.hypot(alpha * deviation, sigma);
  const first = plan.steps[0]!.level;
  const below = plan.steps.findIndex(({ next }) => next.timestep < 300);
  const last = plan.steps[below]!.next;
  const run = options(sampler, { steps });
  const { x } = (await collect(sample(run)))[below]!;
  const errors = Array.from(x.data, (value, i) => {
    const start = run.noise.data[i]! * plan.initialScale;
    const z = (start - first.alpha * mean) / spread(first);
    return Math.abs(value - (last.alpha * mean + spread(last) * z));
  });
  return Math.max(...errors);
}

const NOISELESS = SAMPLER_NAMES.filter((name) => !SAMPLERS[name].stochastic(0));

it.each(NOISELESS)("the error of %s on a Gaussian falls with its order", async (name) => {
  const [coarse, fine] = [await flowError(name, 40), await flowError(name, 125)];
  const order = Math.log(coarse / fine) / Math.log(125 / 40);
  // A multistep method of order 4 starts with lower orders, which bounds what the whole run shows.
  const expected = Math.min(SAMPLERS[name].order, 3);
  expect(order).toBeGreaterThan(expected - 0.15);
  expect(order).toBeLessThan(expected + 0.5);
  expect(fine).toBeLessThan(0.003);
});

it("DDIM is Euler without noise, and Euler ancestral with all of it", async () => {
  const [plain, full] = [options("ddim", { steps: 20 }), options("ddim", { steps: 20, eta: 1 })];
  const pairs = [
    [await sampleToEnd(plain), await sampleToEnd({ ...plain, sampler: "euler" })],
    [await sampleToEnd(full), await sampleToEnd({ ...full, sampler: "euler-ancestral", eta: 0 })],
  ];
  for (const [a, b] of pairs) {
    a!.data.forEach((value, i) => expect(Math.abs(value - b!.data[i]!)).toBeLessThan(2e-6));
  }
});

describe.each(SAMPLER_NAMES)("%s", (name) => {
  it.each([1, 2, 5, 20])("lands on a point mass exactly in %i steps", async (steps) => {
    const x = await sampleToEnd(options(name, { denoiser: gaussian(0.7, 0), steps }));
    for (const value of x.data) expect(Math.abs(value - 0.7)).toBeLessThan(1e-6);
  });

  it("draws the distribution", async () => {
    // Leading runs start below the noisiest level, yet with unit variance, which would shift the mean.
    const schedule = makeSchedule(
      schedulerConfig({ ...STABLE_DIFFUSION, timestep_spacing: "trailing" }),
    );
    const count = 20_000;
    const noise = normal(count, 1);
    const stepNoise = (index: number): Latent => normal(count, index + 2);
    // A consistency model's answers are samples already, where a diffusion model's are means.
    const asked = name === "lcm" ? { denoiser: consistent(0.3, 0.5), steps: 4 } : { steps: 100 };
    const { data } = await sampleToEnd(options(name, { schedule, ...asked, noise, stepNoise }));
    const mean = data.reduce((sum, v) => sum + v, 0) / count;
    const deviation = Math.sqrt(data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / count);
    expect(Math.abs(mean - 0.3)).toBeLessThan(0.02);
    // First-order steps at this count leave the deviation a little small.
    expect(Math.abs(deviation - 0.5)).toBeLessThan(0.04);
  });

  it("repeats bit for bit, and leaves its input alone", async () => {
    const run = options(name);
    const before = run.noise.data.slice();
    const first = await sampleToEnd(run);
    const second = await sampleToEnd(run);
    expect(second.data).toEqual(first.data);
    expect(run.noise.data).toEqual(before);
  });

  it("tells each step, from much noise to little", async () => {
    const steps = await collect(sample(options(name, { steps: 7 })));
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const levels = steps.map(({ level }) => noiseLevel(level, SCHEDULE.trainTimesteps));
    levels.forEach((level, i) => expect(level).toBeLessThan(levels[i - 1] ?? 1));
    expect(levels.at(-1)).toBeGreaterThanOrEqual(0);
  });

  it("takes its one step from the noisiest level", async () => {
    const [only] = await collect(sample(options(name, { steps: 1 })));
    expect(only!.level.timestep).toBe(999);
    expect(only!.x.data).toEqual(only!.x0.data);
  });

  it("does not let one picture of a batch touch another", async () => {
    const joined = await sampleToEnd(options(name));
    const part = (whole: Latent): Latent => floats([1, 1, 4, 1], whole.data.slice(4, 8));
    const stepNoise = (index: number): Latent => part(normal(16, index + 2));
    const alone = await sampleToEnd(options(name, { noise: part(normal(16, 1)), stepNoise }));
    expect(alone.data).toEqual(joined.data.slice(4, 8));
  });

  it("stops within a step when aborted", async () => {
    const controller = new AbortController();
    let calls = 0;
    const inner = gaussian(0.3, 0.5);
    const denoiser: Denoiser = {
      denoise: (...args) => {
        if (++calls === 3) controller.abort();
        return inner.denoise(...args);
      },
    };
    const run = sampleToEnd(options(name, { denoiser, signal: controller.signal }));
    await expect(run).rejects.toMatchObject({ name: "AbortError" });
    expect(calls).toBe(3);
  });

  it("does not start when already aborted", async () => {
    const denoiser: Denoiser = { denoise: () => Promise.reject(new Error("was asked")) };
    const run = sampleToEnd(options(name, { denoiser, signal: AbortSignal.abort() }));
    await expect(run).rejects.toMatchObject({ name: "AbortError" });
  });

  it("stays finite at zero terminal SNR", async () => {
    const config = { ...STABLE_DIFFUSION, timestep_spacing: "trailing" };
    const schedule = makeSchedule(schedulerConfig({ ...config, rescale_betas_zero_snr: true }));
    const x = await sampleToEnd(options(name, { schedule, denoiser: gaussian(0.7, 0), steps: 8 }));
    for (const value of x.data) expect(Math.abs(value - 0.7)).toBeLessThan(2e-6);
  });

  it.each([0, -1, 2.5, 1001, NaN])("refuses %d steps", async (steps) => {
    await expect(sampleToEnd(options(name, { steps }))).rejects.toThrow(/expected a whole number/);
  });
});
