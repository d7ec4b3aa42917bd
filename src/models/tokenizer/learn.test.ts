import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BytePairs } from "./byte-pairs.js";
import { BYTE_SYMBOLS, spell } from "./bytes.js";
import { EOS, learnMerges, tokenizerFiles, vocabularyOf } from "./learn.js";

describe("learnMerges", () => {
  it("joins the most frequent pairs first, marking word ends", () => {
    const counts = new Map([
      ["low", 5],
      ["lower", 2],
      ["new", 6],
    ]);
    // l+o stands in both words with an l, 7 times; then n+e and e+w</w>, 6 times each.
    expect(learnMerges(counts, { maximum: 3 })).toEqual(["l o", "e w</w>", "n ew</w>"]);
  });

  it("stops at the fewest occurrences worth a merge", () => {
    const counts = new Map([
      ["ab", 3],
      ["cd", 2],
    ]);
    expect(learnMerges(counts, { maximum: 9, minimum: 3 })).toEqual(["a b</w>"]);
  });

  it("learns what splits its own words whole", () => {
    const words = ["cube", "cubes", "sphere", "é"];
    const merges = learnMerges(new Map(words.map((word) => [word, 1])), { maximum: 99 });
    const pairs = new BytePairs(new Map(merges.map((merge, rank) => [merge, rank])));
    for (const word of words) expect(pairs.split(word)).toEqual([`${spell(word).join("")}</w>`]);
    expect(pairs.split("sphe").length).toBeGreaterThan(1);
  });
});

describe("tokenizerFiles", () => {
  it("are what the shipped model has", () => {
    const folder = new URL("../../../models/stage/tokenizer/", import.meta.url);
    const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");
    const merges = read("merges.txt").trim().split("\n").slice(1);
    for (const [name, text] of Object.entries(tokenizerFiles(merges, 77))) {
      expect(read(name), name).toBe(text);
    }
  });
});

describe("vocabularyOf", () => {
  it("spells every byte once, alone and at a word's end", () => {
    expect(new Set(BYTE_SYMBOLS).size).toBe(256);
    expect(BYTE_SYMBOLS[0]).toBe("!");
    const symbols = vocabularyOf(["a b"]);
    expect(symbols).toHaveLength(515);
    expect(new Set(symbols).size).toBe(515);
    expect(symbols[512]).toBe("ab");
    expect(symbols[514]).toBe(EOS);
  });
});
