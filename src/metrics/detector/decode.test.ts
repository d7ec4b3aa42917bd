import { describe, expect, it } from "vitest";
import { GRID, CLASSES, BOX_VALUES, COLOUR_CLASSES } from "../../training/detector/layout.js";
import { emptyTargets, writeTargets } from "../../training/detector/targets.js";
import type { LabelledThing } from "../../training/detector/targets.js";
import { NOUNS } from "../../training/scenes/index.js";
import { intersectionOverUnion } from "../boxes.js";
import { decodeMaps } from "./decode.js";
import type { HostMaps } from "./decode.js";

/** The maps of a detector that is right: the targets, as logits. */
function rightMaps(...things: LabelledThing[]): HostMaps {
  const targets = emptyTargets(1);
  writeTargets(targets, 0, things);
  const logit = (p: number) => Math.log((p + 1e-4) / (1 - p + 1e-4));
  return { heat: targets.heat.map(logit), box: targets.box, colour: targets.colour };
}

function emptyMaps() {
  return {
    heat: new Float32Array(GRID * GRID * CLASSES).fill(-9),
    box: new Float32Array(GRID * GRID * BOX_VALUES),
    colour: new Float32Array(GRID * GRID * COLOUR_CLASSES),
  };
}

const CUBE: LabelledThing = { noun: "cube", colour: "purple", box: [0.05, 0.1, 0.45, 0.4] };
const CAT: LabelledThing = { noun: "cat", colour: null, box: [0.5, 0.45, 0.97, 0.95] };

describe("decodeMaps", () => {
  it("reads back what the targets say", () => {
    const finds = decodeMaps(rightMaps(CUBE, CAT), 0.5);
    expect(finds).toHaveLength(2);
    for (const thing of [CUBE, CAT]) {
      const find = finds.find(({ noun }) => noun === thing.noun)!;
      expect(find.colour).toBe(thing.colour);
      expect(intersectionOverUnion(find.box, thing.box)).toBeGreaterThan(0.99);
      expect(find.score).toBeGreaterThan(0.99);
    }
  });

  it("finds things in the corners and keeps boxes within the picture", () => {
    const corner: LabelledThing = { noun: "sun", colour: null, box: [0.8, 0.8, 1, 1] };
    const [find] = decodeMaps(rightMaps(corner), 0.5);
    expect(intersectionOverUnion(find!.box, corner.box)).toBeGreaterThan(0.99);
    const maps = emptyMaps();
    maps.heat[NOUNS.indexOf("sun")] = 3;
    maps.box.set([0, 0, 2, 2], 0);
    expect(decodeMaps(maps, 0.5)[0]!.box.every((edge) => edge >= 0 && edge <= 1)).toBe(true);
  });

  it("takes the highest cell of a bump only", () => {
    const maps = emptyMaps();
    const kind = NOUNS.indexOf("dog");
    const at = (row: number, column: number) => (row * GRID + column) * CLASSES + kind;
    maps.heat[at(10, 10)] = 2;
    maps.heat[at(10, 11)] = 1.5;
    expect(decodeMaps(maps, 0.5).map(({ score }) => score)).toEqual([1 / (1 + Math.exp(-2))]);
  });

  it("leaves out what is below the threshold", () => {
    const maps = emptyMaps();
    maps.heat[NOUNS.indexOf("dog")] = Math.log(0.3 / 0.7);
    expect(decodeMaps(maps, 0.31)).toEqual([]);
    expect(decodeMaps(maps, 0.29)).toHaveLength(1);
  });

  it("calls one place by one name, the surer one", () => {
    const maps = emptyMaps();
    const cell = 12 * GRID + 12;
    maps.heat[cell * CLASSES + NOUNS.indexOf("cube")] = 1;
    maps.heat[cell * CLASSES + NOUNS.indexOf("cylinder")] = 2;
    expect(decodeMaps(maps, 0.5).map(({ noun }) => noun)).toEqual(["cylinder"]);
  });

  it("gives a solid a colour even where none is the likeliest, and drawn things none", () => {
    const maps = emptyMaps();
    const cell = 12 * GRID + 12;
    maps.colour.set([0, 0, 1, 0, 0, 0, 0, 0, 5], cell * COLOUR_CLASSES);
    maps.heat[cell * CLASSES + NOUNS.indexOf("torus")] = 2;
    expect(decodeMaps(maps, 0.5)[0]).toMatchObject({ noun: "torus", colour: "blue" });
    maps.heat[cell * CLASSES + NOUNS.indexOf("pig")] = 3;
    expect(decodeMaps(maps, 0.5)[0]).toMatchObject({ noun: "pig", colour: null });
  });
});
