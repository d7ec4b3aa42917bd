import { expect, it } from "vitest";
import { largest } from "./largest.js";

it("finds the largest of more numbers than a call takes arguments", () => {
  const values = new Float32Array(1_000_000).fill(-2);
  values[999_999] = -1;
  expect(largest(values)).toBe(-1);
  expect(largest(values, 0)).toBe(0);
  expect(largest([])).toBe(-Infinity);
  expect(largest([1, NaN, 2])).toBeNaN();
});
