import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { levelAt, linspace, makeSchedule, noiseLevel } from "./schedule.js";
import { schedulerConfig } from "./scheduler-config.js";

const TABLES = JSON.parse(
  readFileSync(new URL("../../test/golden/schedulers/tables.json", import.meta.url), "utf8"),
) as { name: string; config: Record<string, unknown>; at: number[]; alphas_cumprod: number[] }[];

describe("makeSchedule", () => {
  it.each(TABLES)("$name has the alphas of diffusers", ({ config, at, alphas_cumprod }) => {
    const { alphasCumprod } = makeSchedule(schedulerConfig(config));
    at.forEach((t, i) => {
      // diffusers keeps betas and 1 - beta in float32, which adds up over a thousand factors.
      expect(Math.abs(alphasCumprod[t]! - alphas_cumprod[i]!)).toBeLessThan(5e-7);
    });
  });

  it("refuses a wrong number of trained betas", () => {
    const config = schedulerConfig({ trained_betas: [0.1, 0.2] });
    expect(() => makeSchedule(config)).toThrow("expected 1000 trained betas, got 2");
  });
});

describe("levelAt", () => {
  it("preserves variance, and is exact at zero terminal SNR", () => {
    const schedule = makeSchedule(schedulerConfig({ rescale_betas_zero_snr: true }));
    const { alpha, sigma } = levelAt(schedule, 500);
    expect(alpha ** 2 + sigma ** 2).toBeCloseTo(1, 14);
    expect(levelAt(schedule, 999)).toEqual({ alpha: 0, sigma: 1, timestep: 999 });
  });

  it.each([-1, 1000, 0.5])("refuses timestep %d", (timestep) => {
    const schedule = makeSchedule(schedulerConfig({}));
    expect(() => levelAt(schedule, timestep)).toThrow(/expected a whole timestep from 0 to 999/);
  });
});

it("noiseLevel is the fraction of the timestep range", () => {
  expect(noiseLevel({ alpha: 0.6, sigma: 0.8, timestep: 250 })).toBe(0.25);
  expect(noiseLevel({ alpha: 0.6, sigma: 0.8, timestep: 1 }, 4)).toBe(0.25);
});

it("linspace ends exactly", () => {
  expect(linspace(0, 999, 8).at(-1)).toBe(999);
  expect(linspace(5, 9, 1)).toEqual([5]);
});
