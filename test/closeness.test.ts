import { describe, expect, it } from "vitest";

import { expectClose, worstDeviation } from "./closeness.js";

describe("closeness", () => {
  it("accepts equal numbers, infinities included", () => {
    expect(() =>
      expectClose([1, -2, Infinity, -Infinity, 0], [1, -2, Infinity, -Infinity, -0]),
    ).not.toThrow();
    expect(() => expectClose([], [])).not.toThrow();
  });

  it("allows the absolute and the relative tolerance together, and no more", () => {
    const tolerance = { relative: 0.01, absolute: 0.5 };
    expect(() => expectClose([101.5], [100], tolerance)).not.toThrow();
    expect(() => expectClose([101.51], [100], tolerance)).toThrow();
    expect(() => expectClose([-101.51], [-100], tolerance)).toThrow();
    expect(() => expectClose([0.49], [0], tolerance)).not.toThrow();
    expect(() => expectClose([0.51], [0], tolerance)).toThrow();
  });

  it("can allow a share of the largest expected magnitude", () => {
    const tolerance = { relative: 0, absolute: 0, ofScale: 0.01 };
    expect(() => expectClose([0.9, 100], [0, 100], tolerance)).not.toThrow();
    expect(() => expectClose([1.1, 100], [0, 100], tolerance)).toThrow();
  });

  it("allows nothing when both tolerances are zero", () => {
    const exact = { relative: 0, absolute: 0 };
    expect(() => expectClose([1 + Number.EPSILON], [1], exact)).toThrow();
    expect(() => expectClose([1], [1], exact)).not.toThrow();
  });

  it("tells the worst element's index and both values", () => {
    const actual = { shape: [2, 3], data: [0, 1, 2, 3, 4.5, 5.1] };
    const expected = { shape: [2, 3], data: [0, 1, 2, 3, 4, 5] };
    expect(() => expectClose(actual, expected)).toThrow(
      /\[1, 1\]: expected 4, got 4.5 \(off by 0.5/,
    );
    expect(worstDeviation(actual.data, expected.data)).toMatchObject({ index: 4, actual: 4.5 });
  });

  it.each([
    [[NaN], [NaN]],
    [[NaN], [1]],
    [[1], [NaN]],
    [[Infinity], [-Infinity]],
    [[Infinity], [1]],
    [[1], [Infinity]],
  ])("refuses %s for %s", (actual, expected) => {
    expect(() => expectClose(actual, expected, { absolute: 1e300 })).toThrow(/off by/);
  });

  it("refuses other shapes and other lengths", () => {
    const row = { shape: [1, 2], data: [1, 2] };
    expect(() => expectClose(row, { shape: [2, 1], data: [1, 2] })).toThrow(
      /expected shape \[2, 1\], got \[1, 2\]/,
    );
    expect(() => expectClose([1], [1, 2])).toThrow(/shape/);
    expect(() => expectClose([1, 2], [1])).toThrow(/shape/);
    expect(() => expectClose([1, 2], row)).not.toThrow();
  });

  it("compares integers", () => {
    expect(() => expectClose(BigInt64Array.of(3n), [3])).not.toThrow();
    expect(() => expectClose(BigInt64Array.of(3n), [4])).toThrow(/expected 4, got 3/);
  });
});
