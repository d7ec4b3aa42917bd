import { describe, expect, it } from "vitest";
import { roundHalfEven, timestepsOf } from "./spacing.js";
import { SPACINGS } from "./scheduler-config.js";

describe("timestepsOf", () => {
  it.each(SPACINGS)("%s gives as many falling timesteps as asked, at any count", (spacing) => {
    for (let steps = 1; steps <= 1000; steps++) {
      const timesteps = timestepsOf({ spacing, steps, range: 1000, offset: 0 });
      expect(timesteps.length).toBe(steps);
      expect(timesteps.every((t, i) => t >= 0 && t < (timesteps[i - 1] ?? 1000))).toBe(true);
    }
  });

  it("refuses an offset that leaves the range", () => {
    const layout = { spacing: "leading", steps: 1000, range: 1000, offset: 1 } as const;
    expect(() => timestepsOf(layout)).toThrow(/past the last, 999. Take fewer steps/);
  });
});

it("rounds ties to even", () => {
  expect([0.5, 1.5, 2.5, 166.5, 2.4, 2.6].map(roundHalfEven)).toEqual([0, 2, 2, 166, 2, 3]);
});
