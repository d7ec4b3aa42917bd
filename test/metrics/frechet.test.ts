// Distances between sets of features against scipy and numpy.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { featureMatrix } from "../../src/metrics/features/matrix.js";
import type { FeatureMatrix } from "../../src/metrics/features/matrix.js";
import { frechetDistance } from "../../src/metrics/frechet/distance.js";
import { symmetricEigenvalues } from "../../src/metrics/frechet/eigenvalues.js";
import { gaussianOf } from "../../src/metrics/frechet/gaussian.js";
import { inceptionScore } from "../../src/metrics/inception/score.js";
import {
  kernelDistance,
  kernelDistanceOf,
} from "../../src/metrics/kernel-distance/kernel-distance.js";
import { precisionRecall } from "../../src/metrics/precision-recall/precision-recall.js";
import { expectClose } from "../closeness.js";
import { fill } from "../engine/inputs.js";

const GOLDEN = fileURLToPath(new URL("../golden/frechet/distances.json", import.meta.url));

interface Golden {
  distances: { name: string; counts: [number, number]; dimension: number; value: number }[];
  eigenvalues: { name: string; n: number; matrix: string; values: number[] }[];
  kernelDistance: { pairs: [number[], number[]][]; mean: number; deviation: number };
  precisionRecall: { precision: number; recall: number };
  score: { mean: number; deviation: number };
}

const golden = JSON.parse(readFileSync(GOLDEN, "utf8")) as Golden;
const runtime = nodeRuntime();
const options = { runtime, threads: 1 };

/** The features of scripts/goldens/frechet.py. */
function features(count: number, dimension: number, seed: number, moved: boolean): FeatureMatrix {
  const values = fill({ shape: [count, dimension], kind: "any" }, seed).data as Float32Array;
  return featureMatrix(moved ? values.map((x) => x * 0.75 + 0.25) : values, dimension);
}

const formula = (rows: number, columns: number, seed: number): Float64Array =>
  Float64Array.from(fill({ shape: [rows, columns], kind: "any" }, seed).data as Float32Array);

describe("symmetricEigenvalues", () => {
  it.each(golden.eigenvalues)("gives numpy's of a matrix $name", ({ n, matrix, values }) => {
    const made = new Float64Array(n * n);
    const a = matrix === "a + aT" ? formula(n, n, 3) : formula(n, 5, 4);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        if (matrix === "a + aT") made[i * n + j] = a[i * n + j]! + a[j * n + i]!;
        else for (let k = 0; k < 5; k++) made[i * n + j]! += a[i * 5 + k]! * a[j * 5 + k]!;
      }
      if (matrix !== "a + aT") made[i * n + i]! += 2;
    }
    expectClose(symmetricEigenvalues(made, n), values, { relative: 1e-12, absolute: 1e-12 });
  });

  it("finds those of matrices with far fewer dimensions than rows", () => {
    // Of these, a scale that is each place's own does not converge for five.
    const [n, pictures] = [100, 20];
    for (let seed = 1n; seed <= 20n; seed++) {
      const a = new Generator(seed).randn([n, pictures]).data;
      const made = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          for (let k = 0; k < pictures; k++) {
            made[i * n + j]! += a[i * pictures + k]! * a[j * pictures + k]!;
          }
        }
      }
      const trace = made.reduce((sum, x, i) => (i % (n + 1) === 0 ? sum + x : sum), 0);
      const found = symmetricEigenvalues(made, n);
      expect(found.reduce((sum, x) => sum + x, 0)).toBeCloseTo(trace, 8);
      expect(found.filter((x) => Math.abs(x) > 1e-9 * trace)).toHaveLength(pictures);
    }
  });

  it("takes a diagonal and zero as they are, and refuses what is no number", () => {
    expect([...symmetricEigenvalues(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 2), 3)]).toEqual([
      -1, 2, 3,
    ]);
    expect([...symmetricEigenvalues(new Float64Array(4), 2)]).toEqual([0, 0]);
    expect(() => symmetricEigenvalues(Float64Array.of(NaN), 1)).toThrow("finite numbers");
  });
});

describe("frechetDistance", () => {
  it.each(golden.distances)("gives scipy's: $name", ({ counts: [n, m], dimension, value }) => {
    const a = gaussianOf(features(n, dimension, 1, false));
    const b = gaussianOf(features(m, dimension, 2, true));
    expectClose([frechetDistance(a, b), frechetDistance(b, a)], [value, value], {
      relative: 1e-6,
      absolute: 0,
    });
  });

  it("is that of two Gaussians on a line in closed form", () => {
    const line = (mean: number, deviation: number) => ({
      mean: Float64Array.of(mean),
      covariance: Float64Array.of(deviation ** 2),
    });
    expect(frechetDistance(line(1, 2), line(4, 0.5))).toBeCloseTo(9 + 1.5 ** 2, 12);
  });

  it.each([
    [500, 64],
    [40, 64],
  ])(
    "is below 1e-3 for a set of %i pictures with %i features against itself",
    (count, dimension) => {
      const { data } = features(count, dimension, 3, false);
      const own = gaussianOf(
        featureMatrix(
          data.map((x) => 5 * x + 1),
          dimension,
        ),
      );
      expect(frechetDistance(own, own)).toBeLessThan(1e-3);
      expect(frechetDistance(own, own)).toBeGreaterThanOrEqual(0);
    },
  );

  it("takes at least 2 rows of finite numbers, of one dimension", () => {
    expect(() => gaussianOf(features(1, 4, 1, false))).toThrow("at least 2 rows, got 1");
    expect(() => featureMatrix(Float32Array.of(1, NaN), 1)).toThrow("got NaN in row 1");
    const [three, four] = [3, 4].map((d) => gaussianOf(features(9, d, 1, false)));
    expect(() => frechetDistance(three!, four!)).toThrow("expected 3 features, got 4");
  });
});

describe("kernelDistance", () => {
  const a = features(60, 16, 5, false);
  const b = features(50, 16, 6, true);

  it("gives numpy's on given subsets", async () => {
    const { pairs, mean, deviation } = golden.kernelDistance;
    const made = await kernelDistanceOf(a, b, pairs, options);
    expectClose([made.mean, made.deviation], [mean, deviation], { relative: 1e-6, absolute: 1e-8 });
    expect(made).toMatchObject({ subsets: 5, subsetSize: 20 });
  });

  it("is unbiased: about 0 between halves of one distribution, far from 0 between two", async () => {
    const [first, second] = [features(300, 16, 11, false), features(300, 16, 12, false)];
    const same = await kernelDistance(first, second, { ...options, subsets: 20, subsetSize: 100 });
    const other = await kernelDistance(first, features(300, 16, 13, true), {
      ...options,
      subsets: 20,
      subsetSize: 100,
    });
    expect(Math.abs(same.mean)).toBeLessThan(3 * same.deviation);
    expect(other.mean).toBeGreaterThan(3 * other.deviation);
  });

  it("chooses the same subsets for the same seed only", async () => {
    const run = (seed: number) =>
      kernelDistance(a, b, { ...options, subsets: 3, subsetSize: 20, seed });
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it("takes half of few pictures, so that subsets differ, and refuses one", async () => {
    const made = await kernelDistance(a, b, { ...options, subsets: 2 });
    expect(made.subsetSize).toBe(25);
    expect(made.deviation).toBeGreaterThan(0);
    await expect(kernelDistance(features(1, 16, 1, false), b, options)).rejects.toThrow(
      "got 0. Give more",
    );
  });
});

describe("precisionRecall", () => {
  const real = features(150, 4, 7, false);
  const fake = features(120, 4, 8, true);

  it("gives numpy's", async () => {
    const { precision, recall } = golden.precisionRecall;
    const made = await precisionRecall(real, fake, options);
    expect(made.precision).toBeCloseTo(precision, 10);
    expect(made.recall).toBeCloseTo(recall, 10);
  });

  it("is 1 and 1 for a set against itself, 0 and 0 far away", async () => {
    expect(await precisionRecall(real, real, options)).toMatchObject({ precision: 1, recall: 1 });
    const far = featureMatrix(
      fake.data.map((x) => x + 100),
      4,
    );
    expect(await precisionRecall(real, far, options)).toMatchObject({ precision: 0, recall: 0 });
  });

  it("refuses fewer pictures than neighbours", async () => {
    await expect(precisionRecall(features(3, 4, 1, false), fake, options)).rejects.toThrow(
      "expected more than 3 pictures, got 3",
    );
  });

  it("stops when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("stop"));
    await expect(precisionRecall(real, fake, { ...options, signal })).rejects.toThrow("stop");
  });
});

describe("inceptionScore", () => {
  it("gives numpy's", () => {
    const logits = (fill({ shape: [40, 11], kind: "any" }, 9).data as Float32Array).map(
      (x) => 2 * x,
    );
    const { mean, deviation } = inceptionScore(logits, 11, 4);
    expectClose([mean, deviation], [golden.score.mean, golden.score.deviation], {
      relative: 1e-9,
      absolute: 0,
    });
  });

  it("is the number of classes for sure and even answers, 1 for equal ones", () => {
    const sure = Float32Array.from({ length: 4 * 4 }, (_, i) => (i % 5 === 0 ? 1000 : 0));
    expect(inceptionScore(sure, 4, 1).mean).toBeCloseTo(4, 9);
    expect(inceptionScore(new Float32Array(16), 4, 2)).toEqual({ mean: 1, deviation: 0, parts: 2 });
    expect(() => inceptionScore(sure, 4, 5)).toThrow("at least 5 rows, got 4");
  });
});
