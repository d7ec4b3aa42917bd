import { describe, expect, it } from "vitest";
import { expectClose } from "../../../test/closeness.js";
import { Generator } from "../../core/generator.js";
import {
  biasVariance,
  compareMasks,
  equalAreaMasks,
  errorCurve,
  errorMaps,
  gradientMagnitude,
  insideOutside,
  localVariance,
  masksOfOthers,
  meanMap,
} from "./index.js";
import type { BatchShape } from "./index.js";

const noise = (seed: bigint, ...shape: number[]): Float32Array =>
  new Generator(seed).randn(shape).data;

describe("error maps", () => {
  it("are means of squares over the channels, then over the pictures", () => {
    const maps = errorMaps([1, 3, 0, 0, 2, 2, 5, 1], [0, 0, 0, 2, 2, 2, 1, 1], [2, 1, 2, 2]);
    expect([...maps]).toEqual([5, 2, 0, 8]);
    expect([...meanMap(maps, 2)]).toEqual([2.5, 5]);
  });

  it("need as many numbers as the shape says", () => {
    expect(() => errorMaps([1], [1, 2], [1, 1, 2, 1])).toThrow("expected 2 numbers, got 1");
  });
});

describe("local variance and gradient", () => {
  const ramp = Array.from({ length: 12 }, (_, i) => 3 * (i % 4) + 4 * Math.floor(i / 4));

  it("of a ramp are those of its slope, in every picture by itself", () => {
    const pictures = [...new Array<number>(12).fill(7), ...ramp];
    const shape: BatchShape = [2, 3, 4, 1];
    const gradient = gradientMagnitude(pictures, shape);
    expectClose(gradient.subarray(0, 12), new Array<number>(12).fill(0));
    expectClose(gradient.subarray(12), new Array<number>(12).fill(5));
    const variance = localVariance(pictures, shape);
    expectClose(variance.subarray(0, 12), new Array<number>(12).fill(0));
    // Inside, three columns and three rows: (9 + 16) · 2/3; in a corner two of each: (9 + 16) / 4.
    expect(variance[12 + 5]).toBeCloseTo((25 * 2) / 3, 10);
    expect(variance[12]).toBeCloseTo(25 / 4, 10);
  });

  it("are means over the channels", () => {
    const shape: BatchShape = [1, 3, 4, 2];
    const both = ramp.flatMap((value) => [value, 0]);
    expectClose(gradientMagnitude(both, shape), new Array<number>(12).fill(2.5));
    const plain = localVariance(ramp, [1, 3, 4, 1]);
    expectClose(
      localVariance(both, shape),
      plain.map((value) => value / 2),
    );
  });
});

describe("insideOutside", () => {
  it("weighs by the mask and by what it leaves", () => {
    expect(insideOutside([4, 1, 4], [1, 0.5, 0.5])).toEqual({
      inside: 3.25,
      outside: 2.5,
      ratio: 1.3,
    });
  });

  it("is no number where a side is empty", () => {
    expect(insideOutside([1, 2], [1, 1]).ratio).toBeNaN();
  });
});

describe("controls", () => {
  it("have each picture's area, at the highest scores", () => {
    const made = equalAreaMasks([1, 9, 5, 4, 3, 2], [1, 0, 1, 0, 0, 1], 2);
    expect([...made]).toEqual([0, 1, 1, 1, 0, 0]);
  });

  it("hand each mask to the next picture", () => {
    expect([...masksOfOthers([1, 2, 3, 4, 5, 6], 3)]).toEqual([5, 6, 1, 2, 3, 4]);
  });
});

describe("compareMasks", () => {
  const shape: BatchShape = [6, 8, 8, 1];
  const targets = noise(1n, 384);
  // Each picture's mask is a block at a place of its own.
  const masks = Float64Array.from({ length: 384 }, (_, i) => {
    const [picture, column] = [Math.floor(i / 64), i % 8];
    return column === picture ? 1 : 0;
  });

  it("holds when errors are higher in the masks whatever the picture shows", () => {
    const maps = masks.map((weight, i) => (1 + weight) * (1 + 0.1 * Math.abs(targets[i]!)));
    const { error, relative, holds } = compareMasks(maps, masks, targets, shape);
    expect(error.attention.ratio).toBeGreaterThan(1.8);
    expect(error.other.ratio).toBeLessThan(1);
    expect(relative.attention.ratio).toBeGreaterThan(relative.gradient.ratio);
    expect(holds).toBe(true);
  });

  it("does not hold when errors follow the picture's gradient", () => {
    const maps = gradientMagnitude(targets, shape);
    const { error, holds } = compareMasks(maps, masks, targets, shape);
    expect(error.gradient.ratio).toBeGreaterThan(error.attention.ratio);
    expect(holds).toBe(false);
  });

  it("does not hold when every picture errs in the same place", () => {
    const same = masks.map((_, i) => (i % 8 < 4 ? 1 : 0));
    const maps = same.map((weight) => 1 + weight);
    expect(compareMasks(maps, same, targets, shape)).toMatchObject({ holds: false });
  });

  it("divides by the local variance, and by a hundredth of its mean where that is less", () => {
    const flat = Float64Array.from({ length: 18 }, (_, i) => (i < 9 ? 0 : i));
    const maps = new Float64Array(18).fill(1);
    const half = Float64Array.from({ length: 18 }, (_, i) => (i < 9 ? 1 : 0));
    const { relative } = compareMasks(maps, half, flat, [2, 3, 3, 1]);
    const variance = localVariance(flat, [2, 3, 3, 1]);
    const mean = variance.reduce((sum, value) => sum + value, 0) / 18;
    expect(relative.attention.inside).toBeCloseTo(100 / mean, 9);
    expect(() => compareMasks(maps.subarray(9), half, flat, [1, 3, 3, 1])).toThrow("at least 2");
  });
});

describe("biasVariance", () => {
  it("adds up to the mean error exactly", () => {
    const target = noise(2n, 50);
    const students = [3n, 4n, 5n].map((seed) => noise(seed, 50));
    const { error, bias, variance } = biasVariance(students, target);
    const errors = students.map(
      (s) => s.reduce((sum, x, i) => sum + (x - target[i]!) ** 2, 0) / 50,
    );
    expect(error).toBeCloseTo((errors[0]! + errors[1]! + errors[2]!) / 3, 12);
    expect(bias + variance).toBe(error);
  });

  it("finds what students were made of", () => {
    const size = 20_000;
    const target = noise(6n, size);
    const students = [7n, 8n, 9n].map((seed) => {
      const own = noise(seed, size);
      return target.map((value, i) => value + 0.5 + 0.2 * own[i]!);
    });
    const { bias, variance } = biasVariance(students, target);
    expect(bias).toBeCloseTo(0.25, 2);
    expect(variance).toBeCloseTo(0.04, 3);
  });

  it("is all bias for equal students, and needs two", () => {
    const { biasMap, varianceMap } = biasVariance(
      [
        [1, 2],
        [1, 2],
      ],
      [0, 0],
    );
    expect([[...biasMap], [...varianceMap]]).toEqual([
      [1, 4],
      [0, 0],
    ]);
    expect(() => biasVariance([[1]], [1])).toThrow("at least 2 students, got 1");
    expect(() => biasVariance([[1], [1, 2]], [1])).toThrow("expected 1 numbers, got 2");
  });
});

describe("errorCurve", () => {
  it("gives the mean over all pictures of a time, and its standard error", () => {
    const shape: BatchShape = [2, 1, 1, 1];
    const curve = errorCurve([
      { t: 0.5, prediction: [1, 2], target: [0, 0], shape },
      { t: 0.25, prediction: [3], target: [3], shape: [1, 1, 1, 1] },
      { t: 0.5, prediction: [3, 0], target: [0, 0], shape },
    ]);
    expect(curve).toEqual([
      { t: 0.25, error: 0, standardError: NaN, pictures: 1 },
      { t: 0.5, error: 3.5, standardError: Math.sqrt(49 / 3 / 4), pictures: 4 },
    ]);
  });
});
