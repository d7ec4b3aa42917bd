// The first code's edit against a NumPy transcription (scripts/goldens/placement.py) and the known values of its window.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Box } from "../../src/core/box.js";
import { firstCode } from "../../src/guidance/placement/dd-v1.js";
import type { Moment, Placement } from "../../src/guidance/placement/region.js";
import { densityWindow } from "../../src/guidance/placement/windows.js";
import { expectClose } from "../closeness.js";

interface GoldenRegion {
  readonly box: readonly [left: number, right: number, top: number, bottom: number];
  readonly tokens: readonly number[];
  readonly gain: number;
  readonly trailing: number;
}

interface Case {
  readonly name: string;
  readonly grid: readonly [number, number];
  readonly regions: readonly GoldenRegion[];
  readonly steps: readonly [index: number, count: number];
  readonly outside: number;
  readonly unlisted: number;
  readonly first: number;
  readonly picked: readonly number[];
  readonly maps: readonly number[];
  readonly edited: readonly number[];
}

const golden = JSON.parse(
  readFileSync(new URL("../golden/placement/first-code.json", import.meta.url), "utf8"),
) as {
  tokens: number;
  cases: Case[];
  windows: { size: [number, number]; values: number[] }[];
};

/** Step `index` of `count` directed ones, which all begin in the noisier half. */
function momentOf([index, count]: Case["steps"]): Moment {
  const directed = Array.from({ length: count }, (_, i) => 1 - (0.5 * i) / count);
  return { run: [...directed, 0.4, 0.2], noiseLevel: directed[index]! };
}

function placementOf({ regions, first }: Case): Placement {
  return {
    regions: regions.map(({ box: [left, right, top, bottom], tokens, gain }) => {
      const box: Box = [left, top, right, bottom];
      return { box, tokens, strength: gain, until: 0.5 };
    }),
    tokens: first - 1,
    words: first - 2,
    positions: golden.tokens,
  };
}

const corners = (height: number, width: number) => ({
  top: 1,
  left: 2,
  bottom: 1 + height,
  right: 2 + width,
});

describe("the first code", () => {
  for (const each of golden.cases) {
    it(`edits as transcribed: ${each.name}`, () => {
      const { grid, regions, outside, unlisted, picked, maps, edited } = each;
      const [height, width] = grid;
      const { trailing } = regions[0]!;
      const rule = firstCode({ trailing, outside, unlisted, count: "tokens" });
      const { multiply, absolute } = rule(
        placementOf(each),
        { height, width },
        momentOf(each.steps),
      );
      const ours = maps.map((a, i) => {
        const at = Math.floor(i / picked.length) * golden.tokens + picked[i % picked.length]!;
        return Math.fround(a * multiply[at]! + absolute![at]!);
      });
      expectClose(ours, edited, { relative: 1e-6, absolute: 1e-9 });
      expect(ours).not.toEqual(maps);
    });
  }

  it("counts trailing positions after the words when told so", () => {
    const [each] = golden.cases;
    const { trailing } = each!.regions[0]!;
    const options = { trailing, outside: 0.01, unlisted: 1 };
    const edited = (count: "words" | "tokens"): number[] => {
      const rule = firstCode({ ...options, count });
      const edit = rule(placementOf(each!), { height: 8, width: 8 }, momentOf(each!.steps));
      return [5, 6, 9].map((position) => edit.multiply[position]!);
    };
    expect(edited("words")[0]).toBeLessThan(1);
    expect(edited("tokens")[0]).toBe(1);
    expect(edited("words")[2]).toBe(1);
    expect(edited("tokens")[2]).toBeLessThan(1);
  });
});

describe("the first code's window", () => {
  // Largest, smallest corner, sum.
  const known: [number, number, number, number][] = [
    [4, 0.0356045, 0.0146375, 0.383599],
    [8, 0.00974624, 0.00365936, 0.428969],
    [16, 0.00247577, 0.000914841, 0.448358],
    [32, 0.000621052, 0.00022871, 0.457403],
  ];
  for (const [size, largest, corner, sum] of known) {
    it(`has its known values at ${size} x ${size}`, () => {
      const values = densityWindow(corners(size, size));
      const ends = [values[0]!, values[size - 1]!, values.at(-1)!];
      const printed = [Math.max(...values), Math.min(...ends), values.reduce((a, b) => a + b)];
      expect(printed.map((value) => Number(value.toPrecision(6)))).toEqual([largest, corner, sum]);
    });
  }

  for (const { size, values } of golden.windows) {
    it(`is NumPy's at ${size.join(" x ")}`, () => {
      expectClose(densityWindow(corners(...size)), values, { relative: 1e-6, absolute: 0 });
    });
  }

  it("is empty for a box without cells", () => {
    expect(densityWindow(corners(0, 3))).toHaveLength(0);
  });
});
