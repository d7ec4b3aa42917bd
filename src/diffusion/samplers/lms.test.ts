import { expect, it } from "vitest";
import { multistepWeights } from "./lms.js";

it("gives the Adams-Bashforth weights on even nodes", () => {
  const weights = multistepWeights([3, 2, 1, 0], 4).map((weight) => weight * 24);
  [55, -59, 37, -9].forEach((expected, k) => expect(weights[k]).toBeCloseTo(expected, 10));
});

it("integrates cubics exactly on uneven nodes", () => {
  const nodes = [2.5, 4, 7, 14];
  const cubic = (s: number): number => 1 - 2 * s + 0.5 * s ** 2 - 0.1 * s ** 3;
  const integral = (s: number): number => s - s ** 2 + s ** 3 / 6 - 0.025 * s ** 4;
  const sum = multistepWeights(nodes, 1.2).reduce((acc, w, k) => acc + w * cubic(nodes[k]!), 0);
  expect(sum).toBeCloseTo(integral(1.2) - integral(2.5), 10);
});
