import { describe, expect, it } from "vitest";
import { Generator } from "../../core/generator.js";
import { namedThings, sampleScene } from "./index.js";

describe("namedThings", () => {
  it.each([
    ["a red cube above a blue sphere", ["red cube", "blue sphere"]],
    ["an oak, a kitten and the sun at sea", ["oak", "kitten", "sun"]],
    ["A CAT with a cat", ["cat", "cat#2"]],
    ["a caterpillar in the night sky", []],
  ])("finds what %j names", (caption, things) => {
    expect(namedThings(caption)).toEqual(things);
  });

  it("finds as many things as a scene holds", () => {
    const generator = new Generator(8n);
    for (let i = 0; i < 200; i++) {
      const { scene, caption } = sampleScene(generator);
      expect(namedThings(caption)).toHaveLength(scene.things.length);
    }
  });
});
