import { describe, expect, it } from "vitest";
import { loadDrawings } from "../training/scenes/index.js";
import { centreOf } from "./boxes.js";
import { ceilingPicture, ceilingScene, fitBox } from "./ceiling.js";
import { readProtocol } from "./protocol.js";

const { test } = await readProtocol();

describe("fitBox", () => {
  it("is the largest of its proportions, in the middle", () => {
    const wide = fitBox([0.1, 0.1, 0.5, 0.5], 2);
    [0.1, 0.2, 0.5, 0.4].forEach((edge, i) => expect(wide[i]).toBeCloseTo(edge, 12));
    const tall = fitBox([0.1, 0.1, 0.5, 0.5], 0.5);
    [0.2, 0.1, 0.4, 0.5].forEach((edge, i) => expect(tall[i]).toBeCloseTo(edge, 12));
  });
});

describe("ceilingScene", () => {
  it("shows what a triple asks for, inside its boxes and in their middle", () => {
    for (const triple of test.slice(0, 60)) {
      const { things } = ceilingScene(triple);
      things.forEach((thing, index) => {
        const { noun, colour, box } = triple.boxes[index]!;
        expect([thing.kind, thing.colour ?? null]).toEqual([noun, colour]);
        const [x, y] = centreOf(thing.box);
        const [u, v] = centreOf(box);
        expect(Math.hypot(x - u, y - v)).toBeLessThan(1e-9);
        expect(thing.box[0]).toBeGreaterThanOrEqual(box[0] - 1e-9);
        expect(thing.box[1]).toBeGreaterThanOrEqual(box[1] - 1e-9);
        expect(thing.box[2]).toBeLessThanOrEqual(box[2] + 1e-9);
        expect(thing.box[3]).toBeLessThanOrEqual(box[3] + 1e-9);
      });
    }
  });

  it("takes the background that the prompt names", () => {
    const named = (words: string) =>
      ceilingScene(test.find(({ prompt }) => prompt.includes(words))!).background.name;
    expect(named("in the desert")).toBe("desert");
    expect(named("on a grey background")).toBe("grey");
    expect(named("in the room")).toBe("room");
  });

  it("gives the same picture every time, of the size asked", async () => {
    const drawings = await loadDrawings();
    const triple = test.find(({ boxes }) => boxes[0]!.colour === null)!;
    const picture = ceilingPicture(triple, drawings, 48);
    expect(picture.data).toHaveLength(48 * 48 * 3);
    expect(ceilingPicture(triple, drawings, 48)).toEqual(picture);
  });
});
