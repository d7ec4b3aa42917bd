import { describe, expect, it } from "vitest";
import { momentsOf, shapeDistance } from "./moments.js";

const full = (width: number, height: number) => momentsOf(() => 1, width, height, 0);
const disc = (width: number, height: number) =>
  momentsOf(
    (x, y) => {
      const [u, v] = [(2 * x + 1) / width - 1, (2 * y + 1) / height - 1];
      return Number(u * u + v * v <= 1);
    },
    width,
    height,
    0,
  );

describe("momentsOf", () => {
  it("gives those of a square", () => {
    const { fill, moments } = full(100, 100);
    expect(fill).toBe(1);
    // Means of x, y, x², xy, y² over [-1, 1]².
    [0, 0, 1 / 3, 0, 1 / 3].forEach((value, i) => expect(moments[i]).toBeCloseTo(value, 3));
    expect(moments[9]).toBeCloseTo(1 / 5, 3); // x⁴
    expect(moments[10]).toBeCloseTo(1 / 9, 3); // x² y²
  });

  it("gives those of a disc", () => {
    const { fill, moments } = disc(200, 200);
    expect(fill).toBeCloseTo(Math.PI / 4, 2);
    expect(moments[2]).toBeCloseTo(1 / 4, 2);
  });

  it("does not mind stretching", () => {
    expect(shapeDistance(disc(200, 200), disc(200, 70))).toBeLessThan(0.01);
  });

  it("looks down with a positive sign when mass is below", () => {
    const { moments } = momentsOf((_, y) => Number(y >= 5), 10, 10, 0);
    expect(moments[1]).toBeCloseTo(0.5, 6);
  });
});

describe("shapeDistance", () => {
  it("is 0 for one shape, and parts square, disc and ring", () => {
    expect(shapeDistance(full(50, 50), full(50, 50))).toBe(0);
    expect(shapeDistance(full(50, 50), disc(50, 50))).toBeGreaterThan(0.15);
    const ring = { ...disc(50, 50), hole: 0.2 };
    expect(shapeDistance(ring, disc(50, 50))).toBeGreaterThan(0.25);
  });
});
