// Log-SNR schedules: the published check values, limits, and the betas that give diffusers the same levels.

import { describe, expect, it } from "vitest";
import { LOG_SNR_KINDS, logSnrSchedule, timestepAt, trainedBetas } from "./log-snr.js";
import { logSnr } from "./parameterisations.js";
import { levelAt, makeSchedule } from "./schedule.js";
import { schedulerConfig } from "./scheduler-config.js";

const cosine = logSnrSchedule({ kind: "cosine" });

describe("the cosine schedule", () => {
  it.each([
    [0, 20, 1, 4.54e-5],
    [0.25, 1.762619, 0.923871, 0.382704],
    [0.5, 0, 0.707107, 0.707107],
    [0.75, -1.762619, 0.382704, 0.923871],
    [1, -20, 4.54e-5, 1],
  ])("at t = %f has log-SNR %f", (t, lambda, alpha, sigma) => {
    const level = cosine.level(t);
    expect(level.logSnr).toBeCloseTo(lambda, 6);
    expect(level.alpha).toBeCloseTo(alpha, 6);
    expect(level.sigma).toBeCloseTo(sigma, 6);
    expect(level.timestep).toBe(1000 * t - 1);
  });
});

describe.each(LOG_SNR_KINDS)("%s", (kind) => {
  const schedule = logSnrSchedule({ kind, min: -15, max: 18 });

  it("runs from max to min, falling, without a jump at the ends", () => {
    expect(schedule.logSnr(0)).toBe(18);
    expect(schedule.logSnr(1)).toBe(-15);
    const values = Array.from({ length: 1001 }, (_, i) => schedule.logSnr(i / 1000));
    values.slice(1).forEach((value, i) => expect(value).toBeLessThan(values[i]!));
    expect(schedule.logSnr(1e-11)).toBeCloseTo(18, 1);
    expect(schedule.logSnr(1 - 1e-11)).toBeCloseTo(-15, 1);
  });

  it("is variance preserving, with the log-SNR it says", () => {
    for (const t of [0, 0.01, 0.3, 0.5, 0.99, 1]) {
      const level = schedule.level(t);
      expect(level.alpha ** 2 + level.sigma ** 2).toBeCloseTo(1, 12);
      expect(logSnr(level)).toBeCloseTo(level.logSnr, 9);
    }
  });

  it("gives betas that hold its levels at every timestep", () => {
    const betas = trainedBetas(schedule);
    expect(betas.every((beta) => beta === Math.fround(beta) && beta >= 0 && beta < 1)).toBe(true);
    const discrete = makeSchedule(schedulerConfig({ trained_betas: betas }));
    for (let i = 0; i < 1000; i++) {
      const t = (i + 1) / 1000;
      const { alpha } = levelAt(discrete, i);
      expect(Math.abs(alpha ** 2 - schedule.level(t).alpha ** 2)).toBeLessThan(6e-8);
      expect(timestepAt(t)).toBeCloseTo(i, 9);
    }
  });
});

describe("the other schedules", () => {
  it("linear: alpha^2 falls evenly", () => {
    const { level } = logSnrSchedule({ kind: "linear" });
    for (const t of [0.1, 0.5, 0.8]) expect(level(t).alpha ** 2).toBeCloseTo(1 - t, 8);
  });

  it("sigmoid: the log-SNR falls evenly", () => {
    expect(logSnrSchedule({ kind: "sigmoid", min: -10, max: 20 }).logSnr(0.25)).toBe(12.5);
  });

  it("legacy: DDPM's betas to the limit of ever finer steps, brought to the limits", () => {
    const { level } = logSnrSchedule({ kind: "legacy" });
    const steps = 200_000;
    let [sum, half] = [0, 0];
    for (let i = 0; i < steps; i++) {
      sum += Math.log(1 - (1e-4 + 0.0199 * ((i + 0.5) / steps)));
      if (i === steps / 2 - 1) half = sum;
    }
    expect(2 * Math.log(level(0.5).alpha)).toBeCloseTo((-20 * half) / sum, 6);
  });

  it.each([
    [{ kind: "cosine", min: 3, max: 3 }, /expected min < max, got 3 and 3/],
    [{ kind: "cosine", min: -Infinity }, /expected min < max/],
  ] as const)("refuses %o", (options, message) => {
    expect(() => logSnrSchedule(options)).toThrow(message);
  });

  it.each([-0.1, 1.1, NaN])("refuses t = %f", (t) => {
    expect(() => cosine.level(t)).toThrow(/expected t from 0 to 1/);
  });
});
