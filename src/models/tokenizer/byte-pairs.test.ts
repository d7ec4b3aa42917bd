import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { Generator } from "../../core/generator.js";
import { BytePairs, joinPair } from "./byte-pairs.js";
import { spell } from "./bytes.js";

const merges = readFileSync(
  new URL("../../../models/stage/tokenizer/merges.txt", import.meta.url),
  "utf8",
)
  .trim()
  .split("\n")
  .slice(1);
const ranks = new Map(merges.map((merge, rank) => [merge, rank]));

/** As the method is told: the pair of the lowest rank is joined everywhere, until none is known. */
function plainly(word: string): string[] {
  let symbols = spell(word);
  symbols = [...symbols.slice(0, -1), `${symbols.at(-1)}</w>`];
  for (;;) {
    const pairs = symbols.slice(1).map((right, i) => `${symbols[i]} ${right}`);
    const known = pairs.filter((pair) => ranks.has(pair));
    if (known.length === 0) return symbols;
    const best = known.reduce((a, b) => (ranks.get(b)! < ranks.get(a)! ? b : a));
    symbols = joinPair(symbols, ...(best.split(" ") as [string, string]));
  }
}

describe("byte pairs", () => {
  it("are joined as the method says, in words of any letters", () => {
    const random = new Generator(11n);
    const pairs = new BytePairs(ranks);
    for (let i = 0; i < 300; i++) {
      // Few letters make long chains of merges, and runs of one letter pairs that overlap.
      const letters = ["aeinrst", "el", "s", "abcdefghijklmnopqrstuvwxyzé猫"][i % 4]!;
      const word = Array.from({ length: 1 + (random.uint32() % 40) }, () => {
        return [...letters][random.uint32() % [...letters].length];
      }).join("");
      expect(pairs.split(word), word).toEqual(plainly(word));
    }
  });

  it("are looked up a few times a letter, however long a word is", () => {
    const random = new Generator(12n);
    const codes = Array.from({ length: 20_000 }, () => 97 + (random.uint32() % 26));
    const word = codes.map((code) => String.fromCharCode(code)).join("");
    const get = vi.spyOn(ranks, "get");
    new BytePairs(ranks).split(word);
    // One pass over the word for each pair that is joined would make millions.
    expect(get.mock.calls.length).toBeLessThan(5 * word.length);
    get.mockRestore();
  });
});
