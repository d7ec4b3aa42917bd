import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { FollowspotError } from "./errors.js";
import { Generator, seedBits } from "./generator.js";

interface Sequence {
  sizes: number[];
  draws: number[][];
  thenUniform: number;
}

interface Golden {
  seed: string;
  integers: number[];
  integersFrom620: number[];
  integersFrom1246: number[];
  uniforms: number[];
  normals: Record<string, number[]>;
  latent: {
    head: number[];
    tail: number[];
    sum: number;
    sumOfSquares: number;
    weightedSum: number;
  };
  sequences: Sequence[];
}

const path = new URL("../../test/golden/generator/generator.json", import.meta.url);
const document = JSON.parse(readFileSync(path, "utf8")) as {
  goldens: Golden[];
  integersBeyond: Record<string, number[]>;
};

const TOLERANCE = 2e-6;

function take(generator: Generator, count: number): number[] {
  return Array.from({ length: count }, () => generator.uint32());
}

function largestDifference(actual: ArrayLike<number>, expected: number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
}

describe.each(document.goldens)("PyTorch's generator with seed $seed", (golden) => {
  const seeded = () => new Generator(BigInt(golden.seed));

  it("gives the same integers", () => {
    const integers = take(seeded(), 1254);
    expect(integers.slice(0, 8)).toEqual(golden.integers);
    expect(integers.slice(620, 628)).toEqual(golden.integersFrom620);
    expect(integers.slice(1246, 1254)).toEqual(golden.integersFrom1246);
  });

  it("gives the same uniforms", () => {
    const generator = seeded();
    const uniforms = golden.uniforms.map(() => generator.random());
    expect(uniforms).toEqual(golden.uniforms.map(Math.fround));
  });

  it.each(Object.keys(golden.normals))("gives the same %s normals", (size) => {
    const { data, shape } = seeded().randn([Number(size)]);
    expect(shape).toEqual([Number(size)]);
    expect(largestDifference(data, golden.normals[size]!)).toBeLessThan(TOLERANCE);
  });

  it("gives the same 4x64x64 latent", () => {
    const { data } = seeded().randn([4, 64, 64]);
    const sum = (term: (value: number, i: number) => number) =>
      data.reduce((total, value, i) => total + term(value, i), 0);
    expect(largestDifference(data.subarray(0, 16), golden.latent.head)).toBeLessThan(TOLERANCE);
    expect(largestDifference(data.subarray(-16), golden.latent.tail)).toBeLessThan(TOLERANCE);
    expect(sum((value) => value)).toBeCloseTo(golden.latent.sum, 3);
    expect(sum((value) => value ** 2)).toBeCloseTo(golden.latent.sumOfSquares, 3);
    const weighted = sum((value, i) => (value * i) / data.length);
    expect(weighted).toBeCloseTo(golden.latent.weightedSum, 3);
  });

  it.each(golden.sequences)("goes on as PyTorch does over draws of $sizes", (sequence) => {
    const generator = seeded();
    const differences = sequence.sizes.map((size, i) =>
      largestDifference(generator.randn([size]).data, sequence.draws[i]!),
    );
    expect(Math.max(...differences)).toBeLessThan(TOLERANCE);
    expect(generator.random()).toBe(Math.fround(sequence.thenUniform));
  });
});

describe("seeds", () => {
  it.each(Object.entries(document.integersBeyond))("takes %s as PyTorch does", (seed, integers) => {
    expect(take(new Generator(BigInt(seed)), 4)).toEqual(integers);
  });

  it("tells when bits are dropped", () => {
    expect(seedBits(2n ** 32n - 1n)).toEqual({ bits: 0xffffffff, dropped: false });
    expect(seedBits(2n ** 32n + 7n)).toEqual({ bits: 7, dropped: true });
    expect(seedBits(-1n)).toEqual({ bits: 0xffffffff, dropped: true });
  });

  it.each([2n ** 64n, -(2n ** 63n) - 1n])("refuses %s, as PyTorch does", (seed) => {
    expect(() => new Generator(seed)).toThrow(FollowspotError);
  });
});

describe("state", () => {
  it.each([0, 1, 3, 20, 623, 624, 625])("goes on after %d draws, through JSON", (draws) => {
    const generator = new Generator(3n);
    for (let i = 0; i < draws; i++) generator.random();
    generator.randn([3]);
    const state = JSON.parse(JSON.stringify(Array.from(generator.state()))) as number[];
    const restored = Generator.restore(state);
    const rest = (from: Generator) => [
      from.randn([2]).data,
      from.randn([33]).data,
      take(from, 700),
    ];
    expect(rest(restored)).toEqual(rest(generator));
  });

  it("is a copy", () => {
    const generator = new Generator(3n);
    const state = generator.state();
    const restored = Generator.restore(state);
    const first = take(generator, 3);
    restored.uint32();
    expect(take(Generator.restore(state), 3)).toEqual(first);
  });

  it.each([
    ["too short", [1, 2, 3]],
    ["a position past the end", Array.from({ length: 628 }, (_, i) => (i === 624 ? 625 : 0))],
    ["a flag of 2", Array.from({ length: 628 }, (_, i) => (i === 625 ? 2 : 0))],
  ])("refuses one with %s", (_, state) => {
    expect(() => Generator.restore(state)).toThrow(FollowspotError);
  });
});
