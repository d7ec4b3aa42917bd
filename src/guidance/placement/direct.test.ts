import { describe, expect, it } from "vitest";
import { direct } from "./direct.js";
import type { Edit, Placement, Region } from "./region.js";
import { gaussianWindow } from "./windows.js";

const GRID = { height: 4, width: 4 };
const MOMENT = { noiseLevel: 0.9, run: [0.9] };
const LEFT: Region = { box: [0, 0, 0.5, 1], tokens: [2, 3], strength: 1, until: 0.3 };
const TOP: Region = { box: [0, 0, 1, 0.5], tokens: [5], strength: 2, until: 0.3 };
const OPTIONS = { trailing: 2, gain: 0.15, lift: 0.3, outside: 0.01 };

const placement = (...regions: Region[]): Placement => {
  return { regions, tokens: 6, words: 6, positions: 12 };
};
const edit = (...regions: Region[]): Edit => direct(OPTIONS)(placement(...regions), GRID, MOMENT);

/** One position's values as rows of text, for boxes that are seen at a glance. */
const column = (values: Float32Array, position: number): number[] =>
  Array.from({ length: 16 }, (_, cell) => values[cell * 12 + position]!);

describe("direct", () => {
  it("weakens the words outside their box by c_w and leaves them inside", () => {
    const { multiply } = edit(LEFT);
    for (const position of [2, 3, 7, 8]) {
      column(multiply, position).forEach((value, cell) => {
        expect(value).toBe(cell % 4 < 2 ? 1 : Math.fround(0.01));
      });
    }
  });

  it("touches neither the start, other words, nor positions past the trailing ones", () => {
    const { multiply, relative } = edit(LEFT);
    for (const position of [0, 1, 4, 5, 6, 9, 11]) {
      expect(column(multiply, position)).toEqual(new Array(16).fill(1));
      expect(column(relative!, position)).toEqual(new Array(16).fill(0));
    }
  });

  it("adds a window whose peak is the gain, inside the box alone", () => {
    const values = column(edit(LEFT).relative!, 2);
    expect(Math.max(...values)).toBeCloseTo(0.15, 6);
    values.forEach((value, cell) => expect(value > 0).toBe(cell % 4 < 2));
  });

  it("weakens outside but adds no window past its share of the noise range", () => {
    const at = (noiseLevel: number): Edit =>
      direct(OPTIONS)(placement(LEFT), GRID, { noiseLevel, run: [0.9, 0.7, 0.69] });
    expect(at(0.7)).toEqual(at(0.9));
    const late = at(0.69);
    expect(late.multiply).toEqual(at(0.9).multiply);
    expect(Math.max(...late.relative!)).toBe(0);
  });

  it("gives trailing positions the union of all boxes and the sum of their windows", () => {
    const { multiply, relative } = edit(LEFT, TOP);
    const trailing = column(multiply, 7);
    trailing.forEach((value, cell) => {
      const inside = cell % 4 < 2 || cell < 8;
      expect(value).toBe(inside ? 1 : Math.fround(0.01));
    });
    const [left, top] = [LEFT, TOP].map(({ box }) => gaussianWindow(box, GRID));
    column(relative!, 7).forEach((value, cell) => {
      expect(value).toBeCloseTo(0.15 * left![cell]! + 0.3 * top![cell]!, 6);
    });
    // A box keeps what another box beside it would cut: here the lower left.
    expect(trailing[12]).toBe(1);
  });

  it("fades to plain as the strength falls to 0", () => {
    const half = edit({ ...LEFT, strength: 0.5 });
    expect(column(half.multiply, 2)[3]).toBeCloseTo(1 - 0.5 * 0.99, 6);
    expect(Math.max(...column(half.relative!, 2))).toBeCloseTo(0.075, 6);
    const faint = edit({ ...LEFT, strength: 1e-6 });
    faint.multiply.forEach((value) => expect(value).toBeCloseTo(1, 5));
    faint.relative!.forEach((value) => expect(value).toBeCloseTo(0, 5));
  });
});

describe("gaussianWindow", () => {
  it("is half a box size wide, as in the paper: e^-1/2 at the middle of an edge", () => {
    const window = gaussianWindow([0, 0, 1, 1], { height: 101, width: 101 });
    expect(window[50 * 101 + 50]).toBe(1);
    expect(window[50 * 101 + 100]).toBeCloseTo(Math.exp(-0.5), 1);
    expect(window[50]).toBeCloseTo(window[50 * 101]!, 6);
  });

  it("is the cell that a box far smaller than it lies in, wherever it lies there", () => {
    for (const [x, y] of [
      [0.02, 0.03],
      [0.5, 0.5],
      [0.99, 0.01],
    ] as const) {
      const window = gaussianWindow([x, y, x + 0.001, y + 0.001], { height: 12, width: 12 });
      expect(window.every(Number.isFinite)).toBe(true);
      expect(window[Math.floor(12 * y) * 12 + Math.floor(12 * x)]).toBe(1);
    }
  });

  it("peaks at 1 in the cell nearest the centre of a box between cells", () => {
    const window = gaussianWindow([0.2, 0.2, 0.7, 0.7], { height: 5, width: 5 });
    expect(Math.max(...window)).toBe(1);
    expect(window.indexOf(1)).toBe(12);
  });
});
