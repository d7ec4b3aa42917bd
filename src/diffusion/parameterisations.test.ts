import { describe, expect, it } from "vitest";
import { floats } from "../core/tensor.js";
import type { Level } from "./denoiser.js";
import {
  PREDICTION_TYPES,
  addNoise,
  levelOfLogSnr,
  levelOfRatio,
  logSnr,
  ratioOf,
  toEps,
  toTarget,
  toX0,
} from "./parameterisations.js";

const X0 = floats([1, 1, 3, 1], [0.2, -0.7, 1.5]);
const EPS = floats([1, 1, 3, 1], [-1.1, 0.4, 0.9]);
const LEVELS: [string, Level][] = [
  ["little noise", { alpha: 0.96, sigma: 0.28, timestep: 100 }],
  ["much noise", { alpha: 0.28, sigma: 0.96, timestep: 800 }],
  ["variance not preserved", { alpha: 1, sigma: 3, timestep: 500 }],
];

function close(actual: Float32Array, expected: Float32Array): void {
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
}

describe.each(PREDICTION_TYPES)("%s", (prediction) => {
  it.each(LEVELS)("gives x0 and eps back at %s", (_, level) => {
    const x = addNoise(X0, EPS, level);
    const output = toTarget(prediction, X0, EPS, level);
    close(toX0(prediction, output, x, level).data, X0.data);
    close(toEps(prediction, output, x, level).data, EPS.data);
  });
});

it("velocity is alpha eps - sigma x0", () => {
  const [, level] = LEVELS[0]!;
  const expected = X0.data.map((x0, i) => level.alpha * EPS.data[i]! - level.sigma * x0);
  close(toTarget("v_prediction", X0, EPS, level).data, expected);
});

describe("the ends of the schedule", () => {
  const pure: Level = { alpha: 0, sigma: 1, timestep: 999 };

  it("velocity and x0 predictions are finite at pure noise", () => {
    const v = floats([1], [-0.4]);
    const x = floats([1], [0.9]);
    expect(toX0("v_prediction", v, x, pure).data[0]).toBeCloseTo(0.4, 6);
    expect(toEps("v_prediction", v, x, pure).data[0]).toBeCloseTo(0.9, 6);
    expect(toEps("sample", v, x, pure).data[0]).toBeCloseTo(0.9, 6);
  });

  it("epsilon prediction tells why it cannot", () => {
    expect(() => toX0("epsilon", EPS, EPS, pure)).toThrow(
      /expected alpha > 0, got 0.*v_prediction/,
    );
  });

  it("there is no noise in the clean signal", () => {
    const clean = { alpha: 1, sigma: 0, timestep: 0 };
    expect(() => toEps("sample", X0, X0, clean)).toThrow("expected sigma > 0, got 0");
  });
});

describe("levels", () => {
  it.each([-20, -1.762619, 0, 1.762619, 20])("survive log-SNR %d", (lambda) => {
    const level = levelOfLogSnr(lambda, 7);
    expect(logSnr(level)).toBeCloseTo(lambda, 9);
    expect(level.alpha ** 2 + level.sigma ** 2).toBeCloseTo(1, 14);
  });

  it("survive a noise-to-signal ratio", () => {
    const level = levelOfRatio(14.6, 999);
    expect(ratioOf(level)).toBeCloseTo(14.6, 12);
    expect(levelOfRatio(0, 0)).toEqual({ alpha: 1, sigma: 0, timestep: 0 });
  });
});
