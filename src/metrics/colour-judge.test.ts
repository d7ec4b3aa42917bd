import { describe, expect, it } from "vitest";
import { BACKGROUNDS, COLOURS, SOLIDS, renderScene } from "../training/scenes/index.js";
import type { Box, Drawings, Scene, SceneThing } from "../training/scenes/index.js";
import { intersectionOverUnion } from "./boxes.js";
import { judgeSolids } from "./colour-judge.js";

// Solids need no drawings.
const noDrawings = {} as Drawings;
const BOX: Box = [0.3, 0.35, 0.7, 0.75];

function judged(name: Scene["background"]["name"], ...things: SceneThing[]) {
  const scene: Scene = { background: { name, horizon: 0.5, shade: 1, phase: 0 }, things };
  return judgeSolids({ width: 96, height: 96, data: renderScene(scene, 96, noDrawings) });
}

describe("judgeSolids", () => {
  it("names, colours and boxes the solids on every background, each colour three times", () => {
    const wrong: string[] = [];
    BACKGROUNDS.forEach((name, row) => {
      for (const step of [0, 3, 5]) {
        const colour = COLOURS[(row + step) % COLOURS.length]!;
        const kind = SOLIDS[(row + step) % SOLIDS.length]!;
        const finds = judged(name, { kind, colour, box: BOX, shade: 1 });
        const find = finds.find((each) => each.colour === colour && each.noun === kind);
        const placed = find && intersectionOverUnion(find.box, BOX) > 0.8;
        if (!placed) wrong.push(`${colour} ${kind}, ${name}`);
      }
    });
    expect(wrong).toEqual([]);
  });

  it.each(BACKGROUNDS)("sees no solid in an empty picture: %s", (name) => {
    expect(judged(name)).toEqual([]);
  });

  it("tells two solids apart and where each stands", () => {
    const [left, right]: [Box, Box] = [
      [0.05, 0.3, 0.4, 0.65],
      [0.6, 0.3, 0.95, 0.65],
    ];
    const finds = judged(
      "meadow",
      { kind: "cube", colour: "red", box: left, shade: 1 },
      { kind: "sphere", colour: "blue", box: right, shade: 1 },
    );
    expect(finds.map(({ noun, colour }) => `${colour} ${noun}`).sort()).toEqual([
      "blue sphere",
      "red cube",
    ]);
    for (const { noun, box } of finds) {
      expect(intersectionOverUnion(box, noun === "cube" ? left : right)).toBeGreaterThan(0.8);
    }
  });

  it("knows a stretched solid by moments that stretching leaves alone", () => {
    const wide: Box = [0.1, 0.4, 0.7, 0.65];
    const [find] = judged("grey", { kind: "cone", colour: "green", box: wide, shade: 1 });
    expect(find).toMatchObject({ noun: "cone", colour: "green" });
  });
});
