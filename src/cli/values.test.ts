import { describe, expect, it } from "vitest";
import { boxNumbers, number, oneOf, seed, seeds, size, whole } from "./values.js";

describe("numbers", () => {
  it("are read within their range, both ends included", () => {
    const read = number("--cfg", [0, 50]);
    expect(["0", "7.5", ".5", "5e1", "50"].map(read)).toEqual([0, 7.5, 0.5, 50, 50]);
    for (const text of ["", "x", "51", "-0.1", "NaN", "Infinity", "0x10", "1,5", "7.5a"]) {
      expect(() => read(text)).toThrow(`--cfg: expected a number from 0 to 50, got "${text}".`);
    }
  });

  it("are whole where they count", () => {
    const read = whole("--steps", [1, 1000]);
    expect(["1", "20", "1000"].map(read)).toEqual([1, 20, 1000]);
    for (const text of ["0", "1001", "1.5", "1e2", "-3", ""]) {
      expect(() => read(text)).toThrow("--steps: expected a whole number from 1 to 1000");
    }
  });
});

it("names are those of the list", () => {
  const read = oneOf("--method", ["direct", "dd"]);
  expect(read("dd")).toBe("dd");
  expect(() => read("DD")).toThrow('--method: expected one of direct, dd, got "DD".');
});

describe("seeds", () => {
  it("keep all 64 bits", () => {
    expect(seed("18446744073709551615")).toBe(2n ** 64n - 1n);
    for (const text of ["18446744073709551616", "-1", "1.5", "", "0x7"]) {
      expect(() => seed(text)).toThrow("--seed: expected a whole number from 0 to");
    }
  });

  it("come in lists and ranges", () => {
    expect(seeds("1,4-8")).toEqual([1n, 4n, 5n, 6n, 7n, 8n]);
    expect(seeds("9007199254740993-9007199254740994")).toEqual([
      9007199254740993n,
      9007199254740994n,
    ]);
    expect(seeds("3-3")).toEqual([3n]);
  });

  it.each([
    ["", /whole number/],
    ["1,,2", /whole number/],
    ["8-4", /ranges such as 1,4-8/],
    ["1-2-3", /ranges such as 1,4-8/],
    ["1,1", /each seed once/],
    ["0-99999999999", /at most 1000 seeds/],
    ["0-999,5000", /at most 1000 seeds/],
  ])("refuse %j", (text, message) => {
    expect(() => seeds(text)).toThrow(message);
  });
});

it("sizes are WIDTHxHEIGHT or one side of a square", () => {
  expect(size("512x768")).toEqual([512, 768]);
  expect(size("96")).toEqual([96, 96]);
  for (const text of ["", "0", "96x", "x96", "96x96x96", "-8", "9999", "9.5"]) {
    expect(() => size(text)).toThrow("--size: expected WIDTHxHEIGHT, each from 8 to 4096");
  }
});

it("numbers for boxes gather over occurrences, split at the last =", () => {
  const read = boxNumbers("--strength", [0, 20]);
  const first = read("2");
  expect(first).toEqual({ all: 2, words: {} });
  expect(read("E=mc2=3", read("cat=0.5", first))).toEqual({
    all: 2,
    words: { cat: 0.5, "E=mc2": 3 },
  });
  expect(() => read("=3")).toThrow("VALUE or WORDS=VALUE");
  expect(() => read("cat=21")).toThrow('--strength: expected a number from 0 to 20, got "21".');
});
