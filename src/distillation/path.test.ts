// The teacher's way in a single step: against the inversion of DDIM, and against the exact flow of a Gaussian.

import { describe, expect, it } from "vitest";
import { composed, DEVIATION, exactX0, MEAN, SCHEDULE } from "../../test/distillation/gaussian.js";
import { CLEAN } from "../diffusion/continuous.js";
import type { Level } from "../diffusion/index.js";
import { drawIntervals, gridFeeds, intervalLevels } from "./grid.js";
import { pathThrough } from "./path.js";

/** The levels from t down to s in `steps` steps. */
function between(t: number, s: number, steps: number): Level[] {
  return Array.from({ length: steps + 1 }, (_, j) =>
    s === 0 && j === steps ? CLEAN : SCHEDULE.level(t + ((s - t) * j) / steps),
  );
}

/** Σ mix x0 along a path. */
function target(x: number, levels: readonly Level[]): number {
  let here = x;
  return pathThrough(levels).reduce((sum, { level, keep, gain, mix }) => {
    const x0 = exactX0(here, level);
    here = keep * here + gain * x0;
    return sum + mix * x0;
  }, 0);
}

describe("a path", () => {
  it.each([
    [1, 0.5, 2],
    [0.75, 0.5, 2],
    [0.5, 0.25, 4],
    [0.3, 0.296, 2],
    [1, 0, 1],
  ])("from %d to %d in %i steps inverts DDIM", (t, s, steps) => {
    const levels = between(t, s, steps);
    const [from, to] = [levels[0]!, levels.at(-1)!];
    for (const x of [-1.5, 0.2, 1]) {
      const ratio = to.sigma / from.sigma;
      const inverted = (composed(x, levels) - ratio * x) / (to.alpha - ratio * from.alpha);
      expect(target(x, levels)).toBeCloseTo(inverted, 9);
      // One step with the target lands where the teacher lands.
      expect(composed(x, [from, to], () => target(x, levels))).toBeCloseTo(composed(x, levels), 12);
    }
  });

  it("that ends clean asks for the teacher's last prediction", () => {
    const levels = between(0.5, 0, 2);
    const path = pathThrough(levels);
    expect(path.map(({ mix }) => mix)).toEqual([0, 1]);
    expect(path.at(-1)).toMatchObject({ keep: 0, gain: 1 });
    const middle = composed(0.7, levels.slice(0, 2));
    expect(target(0.7, levels)).toBe(exactX0(middle, levels[1]!));
  });

  it("has shares that sum to 1, whatever the step", () => {
    for (const steps of [1, 2, 4, 256]) {
      for (let i = 1; i <= steps; i += Math.max(1, steps / 8)) {
        const levels = intervalLevels(i, { schedule: SCHEDULE, steps, substeps: 3 });
        const total = pathThrough(levels).reduce((sum, { mix }) => sum + mix, 0);
        expect(total).toBeCloseTo(1, 12);
      }
    }
  });

  it("comes to the exact flow of a Gaussian with an error of order 1", () => {
    const exact = (x: number): number => {
      const { alpha, sigma } = SCHEDULE.level(1);
      return MEAN + (DEVIATION * (x - alpha * MEAN)) / Math.hypot(alpha * DEVIATION, sigma);
    };
    const error = (steps: number): number =>
      Math.abs(composed(1.3, between(1, 0, steps)) - exact(1.3));
    const order = Math.log2(error(256) / error(512));
    expect(order).toBeGreaterThan(0.9);
    expect(order).toBeLessThan(1.1);
  });
});

describe("a batch's grid", () => {
  it("sees every time of the student", () => {
    expect(drawIntervals(4, 4, 0)).toEqual([1, 2, 3, 4]);
    expect(drawIntervals(4, 1, 0.99)).toEqual([1, 1, 1, 1]);
    const seen = new Set([0, 0.2, 0.4, 0.6, 0.8].flatMap((u) => drawIntervals(2, 10, u)));
    expect([...seen].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("marks the clean end of consistency, and asks the reference above it", () => {
    const shared = { schedule: SCHEDULE, steps: 2, substeps: 1, weighting: "constant" } as const;
    const feeds = gridFeeds([1, 2], { ...shared, kind: "consistency" });
    expect([...feeds["clean"]!.data]).toEqual([1, 0]);
    expect([...feeds["end.sigma"]!.data]).toEqual([0, Math.fround(Math.SQRT1_2)]);
    const reference = gridFeeds([1, 2], { ...shared, kind: "reference", gap: 0.5 });
    expect(reference["end.sigma"]!.data[0]).toBeCloseTo(SCHEDULE.level(0).sigma, 9);
    expect(reference["end.timestep"]!.data[1]).toBe(499);
  });

  it("weighs by the signal-to-noise ratio once, and at most by its own", () => {
    const shared = { schedule: SCHEDULE, steps: 4, substeps: 1, kind: "progressive" } as const;
    const feeds = gridFeeds([1, 3], { ...shared, weighting: "truncated-snr" });
    const [first, third] = feeds["weight"]!.data;
    expect(first).toBeCloseTo((0.923871 / 0.382704) ** 2, 4);
    expect(third).toBe(1);
  });
});
