import { describe, expect, it } from "vitest";
import { warmupCosine } from "./schedule.js";

const usual = { peak: 1, warmup: 10, steps: 110, floor: 0.1 };

describe("the learning rate", () => {
  it("rises in a line, then falls as a cosine over the rest of the run", () => {
    const rate = warmupCosine(usual);
    expect([1, 5, 10].map(rate)).toEqual([0.1, 0.5, 1]);
    expect(rate(60)).toBeCloseTo(0.55, 12);
    expect(rate(110)).toBeCloseTo(0.1, 12);
    expect(rate(1000)).toBeCloseTo(0.1, 12);
  });

  it("stays at its peak until the last steps, when these are given", () => {
    const rate = warmupCosine({ ...usual, decay: 20 });
    expect([10, 50, 90].map(rate)).toEqual([1, 1, 1]);
    expect(rate(100)).toBeCloseTo(0.55, 12);
    expect(rate(110)).toBeCloseTo(0.1, 12);
  });

  it("never falls during the warm-up", () => {
    const rate = warmupCosine({ ...usual, steps: 15, decay: 100 });
    expect(rate(10)).toBe(1);
    expect(rate(15)).toBeCloseTo(0.1, 12);
  });
});
