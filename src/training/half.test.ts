import { describe, expect, it } from "vitest";
import { float16ToFloat32 } from "../core/float16.js";
import { floats } from "../core/tensor.js";
import { halvesUnder, toHalf } from "./half.js";

describe("toHalf", () => {
  it("rounds to half precision and keeps the shape", () => {
    const half = toHalf("w", floats([2, 2], [1, -0.1, 65504, 6e-8]));
    expect(half).toMatchObject({ dtype: "float16", shape: [2, 2] });
    const values = [...float16ToFloat32(half.data)];
    expect(values[0]).toBe(1);
    expect(values[1]).toBeCloseTo(-0.1, 4);
    expect(values[2]).toBe(65504);
    expect(values[3]).toBeCloseTo(5.96e-8, 10);
  });

  it.each([65520, -1e9, Infinity, NaN])("refuses %d, which half precision has not", (value) => {
    expect(() => toHalf("unet.w", floats([2], [0, value]))).toThrow(
      /^export: unet.w: expected values within ±65504, got/,
    );
  });
});

describe("halvesUnder", () => {
  it("takes the weights under a prefix, without it", () => {
    const weight = floats([1], [2]);
    const weights = new Map([
      ["unet.a.b", weight],
      ["unetlike.c", weight],
      ["text_encoder.d", weight],
    ]);
    expect([...halvesUnder("unet.", weights).keys()]).toEqual(["a.b"]);
    expect([...halvesUnder("", weights).keys()]).toEqual([...weights.keys()]);
  });
});
