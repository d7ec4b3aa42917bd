import { describe, expect, it } from "vitest";
import { Generator } from "../../core/generator.js";
import { wrongCaption } from "./wrong-captions.js";

/** Everything that a caption can be turned into in 400 draws. */
function wrongOnes(caption: string): Set<string> {
  const generator = new Generator(3n);
  return new Set(Array.from({ length: 400 }, () => wrongCaption(caption, generator)));
}

describe("wrongCaption", () => {
  it("replaces a thing by another of its kind, never by itself or its synonym", () => {
    const wrong = wrongOnes("a picture of a cat");
    expect(wrong).toContain("a picture of a dog");
    expect(wrong).not.toContain("a picture of a cat");
    expect(wrong).not.toContain("a picture of a kitten");
    expect([...wrong].some((text) => text.includes("cube"))).toBe(false);
  });

  it("exchanges the colours or the solids of two things", () => {
    const wrong = wrongOnes("a red cube and a blue sphere");
    expect(wrong).toContain("a blue cube and a red sphere");
    expect(wrong).toContain("a red sphere and a blue cube");
    expect(wrong).toContain("a green cube and a blue sphere");
    expect(wrong).not.toContain("a red cube and a blue ball");
    expect(wrong).not.toContain("a red cube and a blue sphere");
  });

  it("does not exchange what says the same again", () => {
    expect(wrongOnes("a cat and a dog")).not.toContain("a dog and a cat");
    expect(wrongOnes("a red cube and a red block")).not.toContain("a red block and a red cube");
  });

  it("turns a relation round, but not where the scene plays", () => {
    expect(wrongOnes("a cat above a dog")).toContain("a cat below a dog");
    expect(wrongOnes("a cat under a night sky")).not.toContain("a cat over a night sky");
  });

  it("leaves a caption that names nothing", () => {
    expect(wrongOnes("hello there")).toEqual(new Set(["hello there"]));
  });
});
