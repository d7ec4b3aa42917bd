// Sampling in continuous time: exact cases, orders of convergence on a Gaussian, and the variances of ancestral steps.

import { describe, expect, it } from "vitest";
import { floats } from "../core/tensor.js";
import { CLEAN, CONTINUOUS_SAMPLERS, continuously, VARIANCES } from "./continuous.js";
import type { ContinuousOptions } from "./continuous.js";
import type { Level } from "./denoiser.js";
import { logSnrSchedule } from "./log-snr.js";
import { sample, sampleToEnd } from "./samplers/sample.js";
import type { SampleOptions } from "./samplers/sample.js";
import { collect, gaussian, normal } from "./samplers/test-gaussian.js";

const schedule = logSnrSchedule({ kind: "cosine" });
const [MEAN, DEVIATION] = [0.3, 0.5];

function options(
  how: Partial<ContinuousOptions>,
  rest: Partial<SampleOptions> = {},
): SampleOptions {
  return {
    ...continuously({ schedule, sampler: "ddim", ...how }),
    denoiser: gaussian(MEAN, DEVIATION),
    condition: { embeddings: floats([1, 0, 0], []), conditional: [true] },
    steps: 10,
    noise: normal(16, 1),
    stepNoise: (index) => normal(16, index + 2),
    ...rest,
  };
}

/**
 * Largest distance from the exact flow half way down, where no step is cut short by the clean end. The limits are
 * narrow: with -20 the first step, of first order, takes half of all log-SNR.
 */
async function flowError(sampler: ContinuousOptions["sampler"], steps: number): Promise<number> {
  const narrow = logSnrSchedule({ kind: "cosine", min: -6, max: 6 });
  const run = options({ schedule: narrow, sampler }, { steps });
  const at = (await collect(sample(run)))[steps / 2 - 1]!;
  const [first, last] = [narrow.level(1), narrow.level(0.5)];
  const spread = ({ alpha, sigma }: Level): number => Math.hypot(alpha * DEVIATION, sigma);
  const errors = Array.from(at.x.data, (value, i) => {
    const z = (run.noise.data[i]! - first.alpha * MEAN) / spread(first);
    return Math.abs(value - (last.alpha * MEAN + spread(last) * z));
  });
  return Math.max(...errors);
}

describe("a run in continuous time", () => {
  it("takes even steps from t = 1 and ends at the clean signal", () => {
    const run = options({}, { steps: 4 });
    if (typeof run.sampler === "string") throw new Error("expected a sampler");
    const { steps } = run.sampler.plan(run.schedule, 4);
    expect(steps.map(({ level }) => level.timestep)).toEqual([999, 749, 499, 249]);
    expect(steps.map(({ next }) => next.timestep)).toEqual([749, 499, 249, -1]);
    expect(steps.at(-1)!.next).toBe(CLEAN);
  });

  it.each(CONTINUOUS_SAMPLERS)("%s lands on a point mass exactly", async (sampler) => {
    for (const steps of [1, 2, 7]) {
      const { data } = await sampleToEnd(
        options({ sampler }, { denoiser: gaussian(0.7, 0), steps }),
      );
      for (const value of data) expect(Math.abs(value - 0.7)).toBeLessThan(1e-6);
    }
  });

  it.each([
    ["ddim", 1],
    ["dpm++2m", 2],
  ] as const)("the error of %s falls with order %i", async (sampler, expected) => {
    const [coarse, fine] = [await flowError(sampler, 64), await flowError(sampler, 256)];
    const order = Math.log(coarse / fine) / Math.log(4);
    expect(order).toBeGreaterThan(expected - 0.15);
    expect(order).toBeLessThan(expected + 0.5);
  });

  it("one DDIM step is the one of the paper, in double precision", async () => {
    const steps = await collect(sample(options({}, { steps: 3 })));
    const [t, s] = [schedule.level(2 / 3), schedule.level(1 / 3)];
    const ratio = s.sigma / t.sigma;
    const before = steps[0]!.x;
    const expected = before.data.map(
      (x, i) => ratio * x + (s.alpha - t.alpha * ratio) * steps[1]!.x0.data[i]!,
    );
    steps[1]!.x.data.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-6));
    // alpha_s (1 - e^((lambda_t - lambda_s) / 2)) is the same factor.
    const factor = s.alpha * -Math.expm1((t.logSnr - s.logSnr) / 2);
    expect(s.alpha - t.alpha * ratio).toBeCloseTo(factor, 12);
  });
});

describe("ancestral steps", () => {
  it("with the small variance are DDIM's with all of its noise", async () => {
    const small = await sampleToEnd(options({ sampler: "ancestral" }));
    const full = await sampleToEnd(options({ sampler: "ddim" }, { eta: 1 }));
    small.data.forEach((value, i) => {
      expect(Math.abs(value - full.data[i]!)).toBeLessThan(1e-5);
    });
  });

  it.each(VARIANCES)("with %s draw the distribution", async (variance) => {
    const count = 5000;
    const { data } = await sampleToEnd(
      options(
        { sampler: "ancestral", variance },
        { steps: 100, noise: normal(count, 1), stepNoise: (index) => normal(count, index + 2) },
      ),
    );
    const mean = data.reduce((sum, v) => sum + v, 0) / count;
    const deviation = Math.sqrt(data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / count);
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.03);
    expect(Math.abs(deviation - DEVIATION)).toBeLessThan(0.04);
  });

  it("have the published variances, of which the medium one is a mean of logarithms", async () => {
    const [t, s] = [schedule.level(1), schedule.level(0.5)];
    const rest = { steps: 2, stepNoise: () => floats([1, 1, 1, 1], [1]), noise: normal(1, 1) };
    const added = async (variance: ContinuousOptions["variance"], share?: number) => {
      const [first] = await collect(
        sample(options({ sampler: "ancestral", variance, share }, rest)),
      );
      const fresh = -Math.expm1(t.logSnr - s.logSnr);
      const mean =
        ((Math.exp(t.logSnr - s.logSnr) * s.alpha) / t.alpha) * rest.noise.data[0]! +
        fresh * s.alpha * first!.x0.data[0]!;
      return 2 * Math.log(first!.x.data[0]! - mean);
    };
    const fresh = Math.log(-Math.expm1(t.logSnr - s.logSnr));
    const [small, large] = [fresh + 2 * Math.log(s.sigma), fresh + 2 * Math.log(t.sigma)];
    expect(await added("fixed_small")).toBeCloseTo(small, 5);
    expect(await added("fixed_large")).toBeCloseTo(large, 5);
    expect(await added("fixed_medium", 0.3)).toBeCloseTo(0.3 * large + 0.7 * small, 5);
  });
});

describe("it refuses", () => {
  it.each([0, 2.5, NaN])("%d steps", async (steps) => {
    await expect(sampleToEnd(options({}, { steps }))).rejects.toThrow(/expected a whole number/);
  });

  it("a share beyond 1, and eta where it means nothing", async () => {
    expect(() => continuously({ schedule, sampler: "ancestral", share: 2 })).toThrow(/from 0 to 1/);
    const run = sampleToEnd(options({ sampler: "dpm++2m" }, { eta: 0.5 }));
    await expect(run).rejects.toThrow("eta: expected 0 with DPM++ 2M, got 0.5.");
  });
});
