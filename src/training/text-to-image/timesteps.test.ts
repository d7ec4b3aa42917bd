import { describe, expect, it } from "vitest";
import { timestepFraction } from "./timesteps.js";

describe("timestepFraction", () => {
  it("is a power of the uniform number", () => {
    expect(timestepFraction(0.25, { power: 0.5 })).toBeCloseTo(0.5, 12);
    expect(timestepFraction(0.25, { power: 1 })).toBe(0.25);
  });

  it("is the quantile of a logit-normal distribution", () => {
    const choice = { logit_mean: 0, logit_deviation: 1 };
    // Normal quantiles of 0.5, 0.975 and 0.025 are 0 and ±1.959964.
    expect(timestepFraction(0.5, choice)).toBeCloseTo(0.5, 3);
    expect(timestepFraction(0.975, choice)).toBeCloseTo(1 / (1 + Math.exp(-1.959964)), 4);
    expect(timestepFraction(0.025, choice)).toBeCloseTo(1 / (1 + Math.exp(1.959964)), 4);
    const shifted = { logit_mean: 1, logit_deviation: 0.5 };
    expect(timestepFraction(0.5, shifted)).toBeCloseTo(1 / (1 + Math.exp(-1)), 3);
  });

  it("stays in the range and grows", () => {
    const choice = { logit_mean: 0.2, logit_deviation: 1 };
    const values = Array.from({ length: 1000 }, (_, i) => timestepFraction(i / 1000, choice));
    expect(values[0]).toBe(0);
    expect(values.every((value, i) => i === 0 || value > values[i - 1]!)).toBe(true);
    expect(values.at(-1)).toBeLessThan(1);
  });
});
