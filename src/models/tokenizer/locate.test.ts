import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { FollowspotError } from "../../core/errors.js";
import { loadTokenizer } from "./folder.js";
import { locateWords, nearestWords } from "./index.js";
import { editDistance } from "./locate.js";

const STAGE = fileURLToPath(new URL("../../../models/stage/tokenizer", import.meta.url));
const tokenizer = await loadTokenizer(STAGE);
const prompt = "A red cube, above a blue Butterfly; and a (green) cube's cone";
const encoding = tokenizer.encode(prompt);

function located(phrase: string): string[] {
  return locateWords(encoding, phrase).tokens.map((at) => prompt.slice(...encoding.spans[at]!));
}

describe("locateWords", () => {
  it("finds words, phrases and all tokens of a split word", () => {
    expect(located("cone")).toEqual(["cone"]);
    expect(located("red cube")).toEqual(["red", "cube"]);
    expect(located("blue butterfly")).toEqual(["blue", "Butter", "fly"]);
  });

  it("does not mind case, blanks and punctuation", () => {
    expect(located("  RED   cube. ")).toEqual(["red", "cube"]);
    expect(located("green cube")).toEqual(["green", "cube"]);
    expect(located("cube above")).toEqual(["cube", "above"]);
  });

  it("takes the first of repeated words, or the one numbered", () => {
    expect(locateWords(encoding, "cube")).toEqual({
      tokens: locateWords(encoding, "red cube").tokens.slice(1),
      occurrences: 2,
    });
    expect(locateWords(encoding, "cube#2")).toEqual({
      tokens: locateWords(encoding, "green cube").tokens.slice(1),
      occurrences: 2,
    });
  });

  it("refuses a number beyond the occurrences", () => {
    expect(() => locateWords(encoding, "cube#3")).toThrow(
      /at least 3 of "cube".*found 2.*"cube#2"/,
    );
  });

  it("names the nearest words for an unknown one", () => {
    expect(() => locateWords(encoding, "red kube")).toThrow(
      /found no "kube"; nearest to "kube": "cube"/,
    );
    expect(() => locateWords(encoding, "kube")).toThrow(FollowspotError);
  });

  it("says so when the words are there, but apart", () => {
    expect(() => locateWords(encoding, "red butterfly")).toThrow(/not next to one another/);
  });

  it("matches whole words only", () => {
    expect(() => locateWords(encoding, "butter")).toThrow(/found no "butter"/);
  });

  it.each(["", "  ", "!?", "#2"])("refuses a phrase without words: %j", (phrase) => {
    expect(() => locateWords(encoding, phrase)).toThrow(/expected words of the prompt/);
  });

  it("refuses any phrase when the prompt is empty", () => {
    expect(() => locateWords(tokenizer.encode(""), "cube")).toThrow(/has no words/);
  });

  it("refuses words past the cut, wholly or in part", () => {
    const long = tokenizer.encode("a cat and a butterfly with a dog", { maxLength: 7 });
    expect(locateWords(long, "cat").tokens).toEqual([2]);
    expect(() => locateWords(long, "butterfly")).toThrow(/first 5 tokens.*past the cut.*lost/);
    expect(() => locateWords(long, "dog")).toThrow(/past the cut/);
  });
});

describe("nearestWords", () => {
  it("orders by edit distance", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("cube", "cube")).toBe(0);
    expect(nearestWords("kat", ["house", "cat", "cart", "cat", "sun"])).toEqual([
      "cat",
      "cart",
      "sun",
    ]);
  });
});
