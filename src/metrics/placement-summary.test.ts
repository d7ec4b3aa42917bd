import { describe, expect, it } from "vitest";
import type { PictureScore } from "./placement.js";
import { differences, intervals, summarise } from "./placement-summary.js";

const one = (
  centreInBox: boolean,
  iou = 0.5,
  colourRight: boolean | null = null,
): PictureScore => ({
  things: [{ found: true, colourRight, centreInBox, iou }],
  bothInBox: null,
  relationKept: null,
});
const missing: PictureScore = {
  things: [{ found: false, colourRight: null, centreInBox: false, iou: 0 }],
  bothInBox: null,
  relationKept: null,
};
const pair = (bothInBox: boolean, relationKept: boolean): PictureScore => ({
  things: [...one(true, 0.8).things, ...missing.things],
  bothInBox,
  relationKept,
});

/** `count` pictures of which every `every`th is right. */
const list = (count: number, every: number) =>
  Array.from({ length: count }, (_, index) => one(index % every === 0));

describe("summarise", () => {
  it("averages each column over what it concerns", () => {
    const scores = [one(true, 0.6, true), one(false, 0.2, false), missing, pair(true, false)];
    const summary = summarise(scores);
    expect(summary.found).toBeCloseTo(3 / 5, 12); // things
    expect(summary.colourRight).toBeCloseTo(1 / 2, 12); // solids found
    expect(summary.centreInBox).toBeCloseTo(1 / 3, 12); // pictures with one box
    expect(summary.meanIou).toBeCloseTo((0.6 + 0.2 + 0 + 0.8 + 0) / 5, 12);
    expect(summary.bothInBox).toBe(1);
    expect(summary.relationKept).toBe(0);
  });

  it("says null where there is nothing to count", () => {
    expect(summarise([one(true)])).toMatchObject({ bothInBox: null, colourRight: null });
  });
});

describe("intervals", () => {
  it("are those of the binomial, about", () => {
    const [low, high] = intervals(list(400, 2)).centreInBox!;
    // The standard error of one half over 400 pictures is 0.025.
    expect(low).toBeCloseTo(0.451, 1);
    expect(high).toBeCloseTo(0.549, 1);
    expect(high - low).toBeGreaterThan(0.08);
    expect(high - low).toBeLessThan(0.12);
  });

  it("are decided by the seed", () => {
    const scores = Array.from({ length: 50 }, (_, index) => one(true, Math.sin(index) ** 2));
    expect(intervals(scores, { seed: 4n })).toEqual(intervals(scores, { seed: 4n }));
    expect(intervals(scores, { seed: 5n })).not.toEqual(intervals(scores, { seed: 4n }));
  });

  it("are null where a column is, and points where all pictures agree", () => {
    const all = intervals(list(20, 1));
    expect(all.bothInBox).toBeNull();
    expect(all.centreInBox).toEqual([1, 1]);
  });
});

describe("differences", () => {
  it("pair the pictures: a method that adds one in ten to any base is surely better", () => {
    const base = list(300, 2);
    const better = base.map((score, index) => (index % 20 === 1 ? one(true) : score));
    const paired = differences(better, base).centreInBox!;
    expect(paired.difference).toBeCloseTo(0.05, 12);
    expect(paired.significant).toBe(true);
    // Unpaired, the two intervals overlap widely.
    expect(intervals(base).centreInBox![1]).toBeGreaterThan(intervals(better).centreInBox![0]);
  });

  it("see no difference of a method with itself, nor in noise", () => {
    const base = list(100, 2);
    expect(differences(base, base).centreInBox).toEqual({
      difference: 0,
      interval: [0, 0],
      significant: false,
    });
    const shifted = [...base.slice(1), base[0]!];
    expect(differences(shifted, base).centreInBox!.significant).toBe(false);
  });

  it("are signed: worse is below 0", () => {
    const { difference, interval } = differences(list(200, 4), list(200, 1)).centreInBox!;
    expect(difference).toBeCloseTo(-0.75, 12);
    expect(interval[1]).toBeLessThan(0);
  });

  it("refuse lists of other lengths", () => {
    expect(() => differences(list(3, 1), list(4, 1))).toThrow("expected 4 scores, got 3");
  });
});
