import { describe, expect, it } from "vitest";

import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from "./float16.js";

/** The value of float16 bits, from the definition of the format. */
function valueOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function neighbour(value: number, step: number): number {
  const values = Float32Array.of(value);
  const bits = new Uint32Array(values.buffer);
  bits[0]! += step;
  return values[0]!;
}

const narrow = (value: number) => float32ToFloat16(Float32Array.of(value))[0]!;

describe("float16", () => {
  it("widens all 65536 bit patterns to their values", () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const values = float16ToFloat32(halves);
    expect(Array.from(values)).toEqual(Array.from(halves, valueOf));
  });

  it("narrows every float16 value back to its bits", () => {
    const numbers = Array.from({ length: 65536 }, (_, i) => i).filter(
      (half) => !Number.isNaN(valueOf(half)),
    );
    const halves = float32ToFloat16(Float32Array.from(numbers, valueOf));
    expect(Array.from(halves)).toEqual(numbers);
  });

  it("rounds to nearest and ties to even between all neighbours", () => {
    const wrong: number[] = [];
    for (let half = 0; half < 0x7c00; half++) {
      const above = half === 0x7bff ? 65536 : valueOf(half + 1);
      const middle = (valueOf(half) + above) / 2;
      const even = half % 2 === 0 ? half : half + 1;
      if (narrow(middle) !== even || narrow(-middle) !== (even | 0x8000)) wrong.push(half);
      if (narrow(neighbour(middle, -1)) !== half) wrong.push(half);
      if (narrow(neighbour(middle, 1)) !== half + 1) wrong.push(half);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ["zero", 0, 0],
    ["negative zero", -0, 0x8000],
    ["a float32 subnormal", 1e-45, 0],
    ["half the smallest subnormal", 2 ** -25, 0],
    ["the smallest subnormal", 2 ** -24, 1],
    ["the largest subnormal", 1023 * 2 ** -24, 0x3ff],
    ["the smallest normal", 2 ** -14, 0x400],
    ["one", 1, 0x3c00],
    ["the largest finite", 65504, 0x7bff],
    ["just below the overflow", 65519.99609375, 0x7bff],
    ["the overflow", 65520, 0x7c00],
    ["the largest float32", 3.4028234663852886e38, 0x7c00],
    ["infinity", Infinity, 0x7c00],
    ["negative infinity", -Infinity, 0xfc00],
  ])("narrows %s", (_, value, half) => {
    expect(narrow(value)).toBe(half);
  });

  it("keeps NaN a NaN in both directions", () => {
    const payloads = new Float32Array(Uint32Array.of(0x7f800001, 0xffc00000, 0x7fffffff).buffer);
    const halves = float32ToFloat16(payloads);
    expect(Array.from(halves)).toEqual([0x7e00, 0xfe00, 0x7e00]);
    expect(Array.from(float16ToFloat32(halves))).toEqual([NaN, NaN, NaN]);
  });

  it("widens into given values, which may lie inside a buffer", () => {
    const values = Float32Array.of(9, 0, 0, 9);
    float16ToFloat32(Uint16Array.of(0x3c00, 0xc000), values.subarray(1, 3));
    expect(Array.from(values)).toEqual([9, 1, -2, 9]);
  });

  it("converts a view that starts inside its buffer", () => {
    const view = Float32Array.of(9, 1, -2, 9).subarray(1, 3);
    expect(Array.from(float32ToFloat16(view))).toEqual([0x3c00, 0xc000]);
  });
});

describe("bfloat16", () => {
  it("widens values, subnormals, infinities and NaN", () => {
    const halves = Uint16Array.of(0x3f80, 0xc049, 0x0001, 0x8000, 0x7f80, 0xff80, 0x7fc0);
    const values = Array.from(bfloat16ToFloat32(halves));
    expect(values).toEqual([1, -3.140625, 2 ** -133, -0, Infinity, -Infinity, NaN]);
  });
});
