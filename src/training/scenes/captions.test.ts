import { describe, expect, it } from "vitest";
import { Generator } from "../../core/generator.js";
import { captionOf, knownWords, placesOf, relationsOf, sampleScene } from "./index.js";
import type { Box, Scene } from "./index.js";
import { describe as describeScene } from "./captions.js";
import { SYNONYMS } from "./phrases.js";
import { COLOURS, isSolid } from "./kinds.js";

const generator = new Generator(23n);
const samples = Array.from({ length: 2000 }, () => {
  const { scene } = sampleScene(generator);
  return { scene, ...describeScene(scene, generator) };
});

describe("captionOf", () => {
  it("is lower case, with tidy blanks and articles", () => {
    for (const { caption } of samples) {
      expect(caption).toMatch(/^[a-z]+(,? [a-z]+)*$/);
      expect(caption).not.toMatch(/\ba [aeiou]|\ban [^aeiou]/);
    }
  });

  it("names every thing, and colours only solids", () => {
    for (const { scene, caption } of samples) {
      for (const { kind, colour } of scene.things) {
        const words = [kind, ...(SYNONYMS[kind] ?? [])];
        const names = colour === undefined ? words : words.map((word) => `${colour} ${word}`);
        expect(
          names.some((name) => caption.includes(name)),
          caption,
        ).toBe(true);
        if (!isSolid(kind)) {
          for (const word of COLOURS) expect(caption).not.toContain(`${word} ${kind}`);
        }
      }
    }
  });

  it("names no place or relation in most captions, and the background in about half", () => {
    const placed = samples.filter(({ places }) => places).length / samples.length;
    expect(placed).toBeGreaterThan(0.05);
    expect(placed).toBeLessThan(0.25);
    const told =
      samples.filter(({ caption }) =>
        /meadow|grass|beach|desert|night|snow|room\b|sea\b|grey/.test(caption),
      ).length / samples.length;
    expect(told).toBeGreaterThan(0.42);
    expect(told).toBeLessThan(0.58);
  });

  it("names things in an order that tells neither paint order nor position", () => {
    const pairs = samples.filter(
      ({ scene, places }) => scene.things.length === 2 && !places && !scene.things[0]!.colour,
    );
    const first = pairs.filter(({ scene, caption }) => {
      const [a, b] = scene.things.map(({ kind, colour }) => caption.indexOf(colour ?? kind));
      return a! < b!;
    });
    expect(first.length / pairs.length).toBeGreaterThan(0.42);
    expect(first.length / pairs.length).toBeLessThan(0.58);
  });

  it("is decided by scene and generator", () => {
    const { scene } = sampleScene(new Generator(4n));
    expect(captionOf(scene, new Generator(1n))).toBe(captionOf(scene, new Generator(1n)));
  });

  it("says relations that are true", () => {
    let seen = 0;
    for (const { scene, caption } of samples) {
      const found = relationIn(scene, caption);
      if (!found) continue;
      seen++;
      const [a, b, relation] = found;
      if (relation === "above" || relation === "over")
        expect(a[1] + a[3]).toBeLessThan(b[1] + b[3]);
      if (relation === "below" || relation === "under") {
        expect(a[1] + a[3]).toBeGreaterThan(b[1] + b[3]);
      }
      if (relation.endsWith("left of")) expect(a[0] + a[2]).toBeLessThan(b[0] + b[2]);
      if (relation.endsWith("right of")) expect(a[0] + a[2]).toBeGreaterThan(b[0] + b[2]);
    }
    expect(seen).toBeGreaterThan(12);
  });
});

/** The boxes of the two drawn things that a caption relates, found from its words alone. */
function relationIn(scene: Scene, caption: string): [Box, Box, string] | undefined {
  const match =
    /(?:a|an|the) (\w+) (above|over|below|under|to the left of|to the right of) (?:a|an|the) (\w+)/.exec(
      caption,
    );
  const boxOf = (word: string | undefined): Box | undefined =>
    scene.things.find(({ kind }) => kind === word)?.box;
  const [first, second] = [boxOf(match?.[1]), boxOf(match?.[3])];
  return match && first && second ? [first, second, match[2]!] : undefined;
}

describe("knownWords", () => {
  it("are exactly the words of captions", () => {
    const source = new Generator(31n);
    const seen = new Set<string>();
    for (let n = 0; n < 20_000; n++) {
      const words = sampleScene(source).caption.match(/[a-z]+/g) ?? [];
      words.forEach((word) => seen.add(word));
    }
    expect([...seen].sort()).toEqual(knownWords().sort());
  });
});

describe("relationsOf and placesOf", () => {
  it("tell what the boxes show", () => {
    expect(relationsOf([0.3, 0, 0.6, 0.3], [0.35, 0.6, 0.7, 0.9])).toEqual(["above", "over"]);
    expect(relationsOf([0.6, 0.3, 0.9, 0.6], [0, 0.3, 0.3, 0.6])).toEqual(["to the right of"]);
    expect(relationsOf([0.2, 0.2, 0.6, 0.6], [0.25, 0.25, 0.65, 0.65])).toEqual([
      "next to",
      "beside",
    ]);
    expect(placesOf([0, 0, 0.2, 0.2])).toEqual([
      "on the left",
      "at the top",
      "in the top left corner",
    ]);
    expect(placesOf([0.4, 0.4, 0.6, 0.6])).toEqual(["in the middle"]);
  });
});
