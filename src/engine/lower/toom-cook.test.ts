import { describe, expect, it } from "vitest";
import { bothAxes, minimalFilter, TILE_SIDES, transposed } from "./toom-cook.js";
import type { Matrix } from "./toom-cook.js";

const times = (a: Matrix, x: readonly number[]): number[] =>
  a.map((row) => row.reduce((sum, value, k) => sum + value * x[k]!, 0));

describe.each(TILE_SIDES)("F(%i, 3)", (m) => {
  it("filters as the definition does", () => {
    const { inputs, taps, results } = minimalFilter(m);
    const d = Array.from({ length: m + 2 }, (_, k) => Math.sin(3 * k + 1));
    const g = [0.3, -1.2, 0.7];
    const filter = times(taps, g);
    const products = times(inputs, d).map((x, k) => x * filter[k]!);
    const expected = Array.from({ length: m }, (_, k) =>
      g.reduce((sum, tap, t) => sum + tap * d[k + t]!, 0),
    );
    times(results, products).forEach((y, k) => {
      expect(y).toBeCloseTo(expected[k]!, 12);
    });
  });
});

describe("the published matrices", () => {
  it("are F(2, 3)'s but for signs that cancel", () => {
    const { inputs, taps, results } = minimalFilter(2);
    expect(taps).toEqual([
      [-1, -0, -0],
      [0.5, 0.5, 0.5],
      [0.5, -0.5, 0.5],
      [0, 0, 1],
    ]);
    expect(inputs[1]).toEqual([0, 1, 1, 0]);
    expect(results[0]).toEqual([1, 1, 1, 0]);
  });
});

describe("both axes", () => {
  it("are the Kronecker square, row by row", () => {
    expect(bothAxes([[1, 2]])).toEqual([[1, 2, 2, 4]]);
    expect(transposed([[1, 2]])).toEqual([[1], [2]]);
  });
});
