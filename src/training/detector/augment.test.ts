import { describe, expect, it } from "vitest";
import { Generator } from "../../core/generator.js";
import { augment, blocks, blur, grain, tone, wobble } from "./augment.js";

const SIDE = 32;
const flat = (value: number) => new Float32Array(SIDE * SIDE * 3).fill(value);
const at = (x: number, y: number, k = 0) => (y * SIDE + x) * 3 + k;
/** Black with a white square of 8 x 8 in the middle. */
function square(): Float32Array {
  const values = flat(0);
  for (let y = 12; y < 20; y++) {
    for (let x = 12; x < 20; x++) values.fill(255, at(x, y), at(x, y) + 3);
  }
  return values;
}
const total = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0);

describe("blur", () => {
  it("keeps the sum of what is away from the edge, and softens", () => {
    const soft = blur(new Generator(1n), square(), SIDE);
    expect(total(soft) / total(square())).toBeCloseTo(1, 5);
    expect(soft[at(12, 16)]).toBeLessThan(255);
    expect(soft[at(11, 16)]).toBeGreaterThan(0);
  });

  it("leaves a flat picture as it is, its edges too", () => {
    expect(blur(new Generator(1n), flat(80), SIDE).every((value) => value === 80)).toBe(true);
  });
});

describe("wobble", () => {
  it("moves nothing by more than two pixels", () => {
    for (let seed = 0n; seed < 20n; seed++) {
      const moved = wobble(new Generator(seed), square(), SIDE);
      expect(moved[at(16, 16)]).toBe(255);
      expect(moved[at(8, 16)]).toBe(0);
      expect(moved[at(16, 8)]).toBe(0);
    }
    expect(wobble(new Generator(3n), square(), SIDE)).not.toEqual(square());
  });
});

describe("tone", () => {
  it("changes channels little enough to keep a colour's name", () => {
    for (let seed = 0n; seed < 50n; seed++) {
      const values = flat(0);
      values.set([226, 40, 40]);
      const [red, green, blue] = tone(new Generator(seed), values, SIDE);
      expect(red! - Math.max(green!, blue!)).toBeGreaterThan(110);
    }
  });
});

describe("grain", () => {
  it("adds noise whose mean is 0", () => {
    const noisy = grain(new Generator(2n), flat(100), SIDE);
    expect(total(noisy) / noisy.length).toBeCloseTo(100, -1);
    expect(new Set(noisy).size).toBeGreaterThan(100);
  });
});

describe("blocks", () => {
  it("leaves few levels and keeps the mean", () => {
    const values = Float32Array.from({ length: SIDE * SIDE * 3 }, (_, i) => i % 251);
    const few = blocks(new Generator(5n), values.slice(), SIDE);
    expect(new Set(few).size).toBeLessThan(new Set(values).size);
    expect(total(few) / total(values)).toBeCloseTo(1, 1);
  });
});

describe("augment", () => {
  const bytes = Uint8Array.from(square());

  it("is decided by its generator and stays within bytes", () => {
    for (let seed = 0n; seed < 30n; seed++) {
      const values = augment(new Generator(seed), bytes, SIDE);
      expect(values).toEqual(augment(new Generator(seed), bytes, SIDE));
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...values)).toBeLessThanOrEqual(255);
    }
    expect(bytes).toEqual(Uint8Array.from(square()));
  });

  it("leaves some pictures as they are and changes most", () => {
    const same = Array.from({ length: 100 }, (_, seed) =>
      augment(new Generator(BigInt(seed)), bytes, SIDE).every((value, i) => value === bytes[i]),
    ).filter(Boolean).length;
    expect(same).toBeGreaterThan(10);
    expect(same).toBeLessThan(60);
  });
});
