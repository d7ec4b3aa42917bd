import { describe, expect, it } from "vitest";
import { cutTiles, joinTiles } from "./tiles.js";

const picture = (value: number, side = 4) => ({
  width: side,
  height: side,
  data: Uint8Array.from({ length: side * side * 3 }, (_, i) => (value * 50 + i) % 256),
});

describe("tiles", () => {
  it("come back as they were", () => {
    const pictures = [0, 1, 2, 3, 4].map((value) => picture(value));
    const joined = joinTiles(pictures, 3);
    expect([joined.width, joined.height]).toEqual([12, 8]);
    expect(cutTiles(joined, 3, 5)).toEqual(pictures);
    // The second line of the second picture lies beside that of the first.
    const start = (1 * 12 + 4) * 3;
    expect([...joined.data.subarray(start, start + 3)]).toEqual([62, 63, 64]);
  });

  it("are refused when they differ in size or are too few", () => {
    expect(() => joinTiles([picture(0), picture(1, 2)], 2)).toThrow("expected 4x4, got 2x2");
    expect(() => joinTiles([], 2)).toThrow("expected pictures, got none");
    const joined = joinTiles([picture(0), picture(1)], 2);
    expect(() => cutTiles(joined, 2, 3)).toThrow("expected 3 squares, 2 a row, got 8x4");
  });
});
