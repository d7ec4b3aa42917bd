import { describe, expect, it } from "vitest";
import { COLOURS, NOUNS } from "../scenes/index.js";
import type { Box } from "../scenes/index.js";
import { BOX_VALUES, CLASSES, COLOUR_CLASSES, GRID, UNIT_SIDE } from "./layout.js";
import { emptyTargets, writeTargets } from "./targets.js";

const BOX: Box = [0.25, 0.5, 0.5, 0.75]; // centre in column 9, row 15 of 24
const HOME = 15 * GRID + 9;

function targetsOf(...things: Parameters<typeof writeTargets>[2]) {
  const targets = emptyTargets(1);
  writeTargets(targets, 0, things);
  return targets;
}

describe("writeTargets", () => {
  const targets = targetsOf({ noun: "cone", colour: "blue", box: BOX });
  const kind = NOUNS.indexOf("cone");

  it("puts a single 1 at the centre, in the noun's map alone", () => {
    const ones = [...targets.heat.keys()].filter((at) => targets.heat[at]! > 0.9999);
    expect(ones).toEqual([HOME * CLASSES + kind]);
    const others = [...targets.heat.keys()].filter(
      (at) => at % CLASSES !== kind && targets.heat[at] !== 0,
    );
    expect(others).toEqual([]);
  });

  it("falls off to all sides", () => {
    const at = (row: number, column: number) =>
      targets.heat[(row * GRID + column) * CLASSES + kind]!;
    expect(at(15, 10)).toBeLessThan(0.6);
    expect(at(15, 10)).toBeCloseTo(at(15, 8), 6);
    expect(at(14, 9)).toBeGreaterThan(at(13, 9));
    expect(at(0, 0)).toBe(0);
  });

  it("gives every cell that counts the box as seen from there", () => {
    for (let cell = 0; cell < GRID * GRID; cell++) {
      if (targets.weight[cell] === 0) continue;
      const [dx, dy, logWidth, logHeight] = targets.box.subarray(
        cell * BOX_VALUES,
      ) as never as number[];
      expect(((cell % GRID) + 0.5 + dx!) / GRID).toBeCloseTo(0.375, 5);
      expect((Math.floor(cell / GRID) + 0.5 + dy!) / GRID).toBeCloseTo(0.625, 5);
      expect(UNIT_SIDE * Math.exp(logWidth!)).toBeCloseTo(0.25, 5);
      expect(UNIT_SIDE * Math.exp(logHeight!)).toBeCloseTo(0.25, 5);
    }
    expect(targets.weight[HOME]).toBe(1);
  });

  it("names the colour, or that there is none, with the cell's weight", () => {
    const colourAt = (list: Float32Array) => [
      ...list.subarray(HOME * COLOUR_CLASSES, (HOME + 1) * COLOUR_CLASSES),
    ];
    const hot = (index: number) =>
      Array.from({ length: COLOUR_CLASSES }, (_, i) => Number(i === index));
    expect(colourAt(targets.colour)).toEqual(hot(COLOURS.indexOf("blue")));
    const drawn = targetsOf({ noun: "cat", colour: null, box: BOX });
    expect(colourAt(drawn.colour)).toEqual(hot(COLOURS.length));
  });

  it("lets each of two near things keep the cells nearer to it", () => {
    const near: Box = [0.35, 0.5, 0.6, 0.75];
    const both = targetsOf(
      { noun: "cone", colour: "blue", box: BOX },
      { noun: "cube", colour: "red", box: near },
    );
    const dx = both.box[HOME * BOX_VALUES]!;
    expect((9 + 0.5 + dx) / GRID).toBeCloseTo(0.375, 5);
    const other = 15 * GRID + Math.floor(0.475 * GRID);
    expect((Math.floor(0.475 * GRID) + 0.5 + both.box[other * BOX_VALUES]!) / GRID).toBeCloseTo(
      0.475,
      5,
    );
    const heats = ["cone", "cube"].map((noun) => NOUNS.indexOf(noun as "cone"));
    expect(both.heat[HOME * CLASSES + heats[0]!]).toBe(1);
    expect(both.heat[other * CLASSES + heats[1]!]).toBe(1);
  });

  it("writes to its own picture of a batch", () => {
    const batch = emptyTargets(2);
    writeTargets(batch, 1, [{ noun: "cat", colour: null, box: BOX }]);
    const half = batch.weight.length / 2;
    expect(batch.weight.subarray(0, half).some((value) => value !== 0)).toBe(false);
    expect(batch.weight[half + HOME]).toBe(1);
  });
});
