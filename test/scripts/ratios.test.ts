// The intervals of docs/results/sferd: of ratios over seeds.

import { describe, expect, it } from "vitest";
import { ratioOf } from "../../scripts/sferd/ratios.js";

describe("a ratio over seeds", () => {
  it("is that of geometric means, its interval Student's on the logarithms", () => {
    // Logarithms 1, 3 and 0, 2: means 2 and 1, variance (2 + 2) / 2, t of 2 degrees of freedom 4.303.
    const [values, base] = [[1, 3].map(Math.exp), [0, 2].map(Math.exp)];
    const { ratio, low, high } = ratioOf(values, base)!;
    const reach = 4.303 * Math.sqrt(2 * (1 / 2 + 1 / 2));
    expect(Math.log(ratio)).toBeCloseTo(1, 9);
    expect(Math.log(low)).toBeCloseTo(1 - reach, 9);
    expect(Math.log(high)).toBeCloseTo(1 + reach, 9);
  });

  it("narrows with seeds that agree", () => {
    const { ratio, low, high } = ratioOf([0.5, 0.5, 0.5], [1, 1, 1])!;
    expect([ratio, low, high]).toEqual([0.5, 0.5, 0.5]);
    const wide = ratioOf([0.4, 0.625], [1, 1])!;
    const narrow = ratioOf([0.4, 0.625, 0.4, 0.625], [1, 1, 1, 1])!;
    expect(narrow.high - narrow.low).toBeLessThan(wide.high - wide.low);
  });

  it("is not told where one side has a single seed", () => {
    expect(ratioOf([1], [1, 2])).toBeUndefined();
    expect(ratioOf([1, 2], [1])).toBeUndefined();
  });
});
