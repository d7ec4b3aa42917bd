import { describe, expect, it } from "vitest";
import { coverage, directedStep, isDirected, trailingPositions, truncatedCells } from "./region.js";
import type { Region } from "./region.js";

const region = (until: number, strength = 1): Region => {
  return { box: [0, 0, 1, 1], tokens: [1], strength, until };
};

describe("isDirected", () => {
  it("takes the noisy share of the range, its limit included", () => {
    expect(isDirected(region(0.3), 0.999)).toBe(true);
    expect(isDirected(region(0.3), 0.7)).toBe(true);
    expect(isDirected(region(0.9), 0.1)).toBe(true);
    expect(isDirected(region(0.3), 0.699)).toBe(false);
  });

  it("takes no step at until 0 and every step at until 1", () => {
    expect(isDirected(region(0), 0.999)).toBe(false);
    expect(isDirected(region(1), 0)).toBe(true);
  });

  it("takes no step at strength 0", () => {
    expect(isDirected(region(1, 0), 0.9)).toBe(false);
  });

  it("directs one step of 1, two of 4, six of 20 and fifteen of 50 at until 0.3", () => {
    for (const [steps, directed] of [
      [1, 1],
      [4, 2],
      [20, 6],
      [50, 15],
    ] as const) {
      const levels = Array.from(
        { length: steps },
        (_, i) => (1000 - (i * 1000) / steps - 1) / 1000,
      );
      expect(levels.filter((level) => isDirected(region(0.3), level))).toHaveLength(directed);
    }
  });
});

describe("directedStep", () => {
  const run = [0.95, 0.85, 0.75, 0.65];
  it("counts the directed steps before a level, and all of them", () => {
    expect(directedStep(region(0.3), { run, noiseLevel: 0.95 })).toEqual([0, 3]);
    expect(directedStep(region(0.3), { run, noiseLevel: 0.75 })).toEqual([2, 3]);
  });
  it("counts a second look between two steps with the step it follows", () => {
    expect(directedStep(region(0.3), { run, noiseLevel: 0.8 })).toEqual([2, 3]);
  });
});

describe("trailingPositions", () => {
  it("starts at the prompt's end and stops at the last position", () => {
    expect(trailingPositions(5, 3, 77)).toEqual([6, 7, 8]);
    expect(trailingPositions(74, 10, 77)).toEqual([75, 76]);
    expect(trailingPositions(5, 0, 77)).toEqual([]);
  });
});

describe("truncatedCells", () => {
  it("truncates both edges", () => {
    const cells = truncatedCells([0.3, 0.1, 0.7, 0.99], { height: 8, width: 4 });
    expect(cells).toEqual({ top: 0, bottom: 7, left: 1, right: 2 });
  });
});

describe("coverage", () => {
  it("is 1 inside and 0 outside a box on the cells' edges", () => {
    const values = coverage([0.25, 0.5, 0.75, 1], { height: 2, width: 4 });
    expect([...values]).toEqual([0, 0, 0, 0, 0, 1, 1, 0]);
  });

  it("is the covered share of a cell that the box cuts", () => {
    const values = coverage([0.125, 0, 0.75, 1], { height: 1, width: 4 });
    expect([...values]).toEqual([0.5, 1, 1, 0]);
  });

  it("counts the best covered cell of a box smaller than a cell as whole", () => {
    const values = coverage([0.2, 0, 0.3, 1], { height: 1, width: 4 });
    expect(Math.max(...values)).toBe(1);
    expect([...values].map((value) => value > 0)).toEqual([true, true, false, false]);
  });

  it("changes little when the box moves little, and is mirrored with the box", () => {
    const grid = { height: 6, width: 6 };
    const here = coverage([0.31, 0.2, 0.71, 0.6], grid);
    const beside = coverage([0.312, 0.2, 0.712, 0.6], grid);
    const mirrored = coverage([0.29, 0.2, 0.69, 0.6], grid);
    here.forEach((value, cell) => {
      expect(Math.abs(value - beside[cell]!)).toBeLessThan(0.02);
      const across = cell - (cell % 6) + (5 - (cell % 6));
      expect(mirrored[across]).toBeCloseTo(value, 6);
    });
  });

  it("has no crumbs from edges that are not exact", () => {
    const values = coverage([0, 0.7, 1, 1], { height: 10, width: 1 });
    expect([...values]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  });
});
