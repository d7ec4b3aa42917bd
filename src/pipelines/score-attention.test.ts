import { describe, expect, it } from "vitest";
import { floats } from "../core/tensor.js";
import type { AttentionSite } from "../nn/attention.js";
import { AttentionMap, AttentionShare, bilinear } from "./score-attention.js";
import { heatmapOver } from "./score-heatmap.js";

const site = (name: string, height: number, width: number): AttentionSite => {
  return { name, kind: "cross", height, width, heads: 1, tokens: 3 };
};

/** Maps [2, cells, 3] in which token 1 of row 1 has the given values and all else is 9. */
function maps(values: readonly number[]) {
  const data = new Float32Array(2 * values.length * 3).fill(9);
  values.forEach((value, cell) => (data[(values.length + cell) * 3 + 1] = value));
  return floats([2, values.length, 3], data);
}

describe("AttentionShare", () => {
  it("is the mean over steps and sites of the mass inside the box", () => {
    const sites = [site("a", 1, 4), site("b", 1, 2)];
    const share = new AttentionShare(1, [1], [0, 0, 0.5, 1]);
    expect(share.value).toBe(0);
    share.add(sites, { a: maps([3, 3, 1, 1]), b: maps([1, 3]) });
    expect(share.value).toBeCloseTo((0.75 + 0.25) / 2, 6);
    share.add(sites, { a: maps([1, 0, 0, 0]), b: maps([1, 0]) });
    expect(share.value).toBeCloseTo((0.75 + 0.25 + 1 + 1) / 4, 6);
  });
});

it("a site without any attention counts in neither share nor map", () => {
  const sites = [site("a", 1, 2), site("b", 1, 2)];
  const [share, map] = [
    new AttentionShare(1, [1], [0, 0, 0.5, 1]),
    new AttentionMap(sites, 1, [1]),
  ];
  for (const each of [share, map]) each.add(sites, { a: maps([0, 0]), b: maps([3, 1]) });
  expect(share.value).toBeCloseTo(0.75, 6);
  expect([...map.values]).toEqual([1, Math.fround(1 / 3)]);
});

describe("AttentionMap", () => {
  it("weighs sites alike whatever their mass, on the finest grid, the largest value 1", () => {
    const sites = [site("a", 1, 2), site("b", 1, 1)];
    const map = new AttentionMap(sites, 1, [1]);
    map.add(sites, { a: maps([0.3, 0.1]), b: maps([0.002]) });
    expect([map.height, map.width]).toEqual([1, 2]);
    // Means of [1.5, 0.5] and [1, 1].
    expect([...map.values]).toEqual([1, Math.fround(0.6)]);
  });
});

describe("bilinear", () => {
  const values = Float32Array.of(0, 1, 2, 3);
  const grid = { height: 2, width: 2 };
  it("is exact at cell centres, between them linear, and flat beyond them", () => {
    expect(bilinear(values, grid, 0.25, 0.25)).toBe(0);
    expect(bilinear(values, grid, 0.75, 0.75)).toBe(3);
    expect(bilinear(values, grid, 0.5, 0.5)).toBe(1.5);
    expect(bilinear(values, grid, 0, 0)).toBe(0);
    expect(bilinear(values, grid, 1, 0.25)).toBe(1);
  });
});

describe("heatmapOver", () => {
  it("is brightest where the attention is", () => {
    const map = new AttentionMap([site("a", 1, 2)], 1, [1]);
    map.add([site("a", 1, 2)], { a: maps([0.1, 0.9]) });
    const picture = { width: 8, height: 4, data: new Uint8Array(96).fill(128) };
    const { data } = heatmapOver(picture, map);
    const brightness = (x: number): number => data[3 * x]! + data[3 * x + 1]! + data[3 * x + 2]!;
    for (let x = 1; x < 8; x++) expect(brightness(x)).toBeGreaterThanOrEqual(brightness(x - 1));
    expect(brightness(7)).toBeGreaterThan(brightness(0) + 200);
  });
});
