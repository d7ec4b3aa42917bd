import { describe, expect, it } from "vitest";
import { areaOf, centreIn, centreOf, intersectionOverUnion } from "./boxes.js";

describe("intersectionOverUnion", () => {
  it("is 1 for a box with itself and shared over joint area otherwise", () => {
    expect(intersectionOverUnion([0.1, 0.2, 0.5, 0.6], [0.1, 0.2, 0.5, 0.6])).toBeCloseTo(1, 12);
    // Halves shifted by half their width: 1/4 of the picture shared, 3/4 joint.
    expect(intersectionOverUnion([0, 0, 0.5, 1], [0.25, 0, 0.75, 1])).toBeCloseTo(1 / 3, 12);
    expect(intersectionOverUnion([0, 0, 1, 1], [0.25, 0.25, 0.75, 0.75])).toBeCloseTo(0.25, 12);
  });

  it("is 0 for boxes apart along one axis, or along both, where two negatives would make a plus", () => {
    expect(intersectionOverUnion([0, 0, 0.2, 1], [0.8, 0, 1, 1])).toBe(0);
    expect(intersectionOverUnion([0, 0, 0.2, 0.2], [0.8, 0.8, 1, 1])).toBe(0);
  });

  it("is 0, not NaN, for boxes without area", () => {
    expect(intersectionOverUnion([0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5])).toBe(0);
  });
});

describe("areaOf", () => {
  it("is 0 for a box that is turned inside out along both axes", () => {
    expect(areaOf([0.6, 0.6, 0.2, 0.2])).toBe(0);
    expect(areaOf([0.2, 0.2, 0.6, 0.7])).toBeCloseTo(0.2, 12);
  });
});

describe("centreIn", () => {
  it("asks for the middle only", () => {
    expect(centreOf([0.2, 0.4, 0.4, 0.8])).toEqual([0.30000000000000004, 0.6000000000000001]);
    expect(centreIn([0, 0, 1, 1], [0.4, 0.4, 0.6, 0.6])).toBe(true);
    expect(centreIn([0.1, 0.1, 0.3, 0.3], [0.25, 0, 1, 1])).toBe(false);
    expect(centreIn([0.1, 0.1, 0.3, 0.3], [0, 0.25, 1, 1])).toBe(false);
  });
});
