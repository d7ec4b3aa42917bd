import { describe, expect, it } from "vitest";
import { closeGaps, fillSmallHoles, holesOf, regionsOf } from "./regions.js";

/** A mask from rows of text, "#" inside. */
function maskOf(...rows: string[]): { mask: Uint8Array; width: number; height: number } {
  const mask = Uint8Array.from(rows.join(""), (sign) => Number(sign === "#"));
  return { mask, width: rows[0]!.length, height: rows.length };
}

describe("regionsOf", () => {
  it("parts what touches at corners only, largest first, and drops the small", () => {
    const { mask, width, height } = maskOf("##...", "##...", "..##.", ".....", "#....");
    const regions = regionsOf(mask, width, height, 2);
    expect(regions.map(({ area }) => area)).toEqual([4, 2]);
    expect(regions[1]).toMatchObject({ left: 2, top: 2, right: 4, bottom: 3 });
    expect(regions[0]!.mask.reduce((sum, value) => sum + value, 0)).toBe(4);
  });

  it("does not join the end of a row with the start of the next", () => {
    const { mask, width, height } = maskOf("..#", "#..");
    expect(regionsOf(mask, width, height, 1)).toHaveLength(2);
  });
});

describe("holesOf", () => {
  it("finds what the region encloses, not bays that reach the edge", () => {
    const ring = maskOf("#####", "#...#", "#...#", "#####", "#.#.#");
    const [region] = regionsOf(ring.mask, ring.width, ring.height, 1);
    expect(holesOf(region!, ring.width, ring.height).map(({ area }) => area)).toEqual([6]);
  });
});

describe("fillSmallHoles", () => {
  it("fills a highlight and leaves a torus its hole", () => {
    const { mask, width, height } = maskOf("#######", "#.#####", "####..#", "####..#", "#######");
    const [region] = regionsOf(mask, width, height, 1);
    const filled = fillSmallHoles(region!, width, height, 0.1);
    expect(filled.area).toBe(region!.area + 1);
    expect(filled.mask[1 * width + 1]).toBe(1);
    expect(filled.mask[2 * width + 4]).toBe(0);
  });
});

describe("closeGaps", () => {
  it("closes a slit and keeps the outline", () => {
    const slit = ".##.##.";
    const { mask, width, height } = maskOf(".......", slit, slit, slit, slit, ".......");
    const closed = closeGaps(mask, width, height);
    expect(regionsOf(closed, width, height, 1)).toHaveLength(1);
    expect(closed[0]).toBe(0);
    expect(regionsOf(closed, width, height, 1)[0]).toMatchObject({ left: 1, right: 6 });
  });
});
