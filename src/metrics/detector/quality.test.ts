import { describe, expect, it } from "vitest";
import type { Drawings, Scene } from "../../training/scenes/index.js";
import { atThreshold, chooseThreshold, confusionsOf, qualityOf, visibleShares } from "./quality.js";
import type { JudgedPicture, VisibleThing } from "./quality.js";

const LEFT = [0, 0, 0.4, 0.4] as const;
const RIGHT = [0.6, 0.6, 1, 1] as const;
const cube: VisibleThing = { noun: "cube", colour: "red", box: LEFT, visible: 1 };
const cat: VisibleThing = { noun: "cat", colour: null, box: RIGHT, visible: 1 };
const found = ({ noun, colour, box }: VisibleThing, score = 0.9) => ({ noun, colour, box, score });
const picture = (
  things: VisibleThing[],
  ...detections: JudgedPicture["detections"]
): JudgedPicture => ({ things, detections });

describe("qualityOf", () => {
  it("counts things that are found where they are", () => {
    const quality = qualityOf([
      picture([cube, cat], found(cube), found(cat)),
      picture([cube], { ...found(cube), box: RIGHT }),
    ]);
    expect(quality).toMatchObject({ pictures: 2, things: 3, falseFinds: 0, meanIou: 1 });
    expect(quality.recall).toBeCloseTo(2 / 3, 12);
  });

  it("leaves out things less than half visible, found or not", () => {
    const hidden = { ...cat, visible: 0.49 };
    expect(qualityOf([picture([cube, hidden], found(cube))])).toMatchObject({
      things: 1,
      recall: 1,
    });
  });

  it("tells a wrong colour, a wrong thing and a find of what is not there", () => {
    const wrongColour = { ...found(cube), colour: "blue" as const };
    expect(qualityOf([picture([cube], wrongColour)])).toMatchObject({ recall: 1, wrongColour: 1 });
    const cone = { ...found(cube), noun: "cone" as const };
    expect(qualityOf([picture([cube], cone)])).toMatchObject({
      recall: 0,
      wrongThing: 1,
      falseFinds: 1,
    });
    expect(qualityOf([picture([], found(cat)), picture([])]).falseFinds).toBe(0.5);
  });
});

describe("chooseThreshold", () => {
  // One false find for each score from 0.1 to 0.5, and 95 pictures without.
  const pictures = [
    ...[0.1, 0.2, 0.3, 0.4, 0.5].map((score) => picture([cube], found(cube), found(cat, score))),
    ...Array.from({ length: 95 }, () => picture([cube], found(cube))),
  ];

  it("is the lowest that keeps false finds to the limit", () => {
    expect(chooseThreshold(pictures, 0.02)).toBe(0.31);
    expect(qualityOf(atThreshold(pictures, 0.31)).falseFinds).toBe(0.02);
    expect(qualityOf(atThreshold(pictures, 0.3)).falseFinds).toBe(0.03);
    expect(chooseThreshold(pictures, 0.05)).toBe(0.05);
  });

  it("is the highest when none does", () => {
    expect(chooseThreshold([picture([], found(cat, 0.99))], 0.02)).toBe(0.95);
  });
});

describe("confusionsOf", () => {
  it("lists what is taken for what, most frequent first", () => {
    const taken = (noun: "cone" | "torus") => picture([cube], { ...found(cube), noun });
    expect(confusionsOf([taken("cone"), taken("torus"), taken("cone")])).toEqual([
      ["cube taken for cone", 2],
      ["cube taken for torus", 1],
    ]);
  });
});

describe("visibleShares", () => {
  it("counts what later things cover", () => {
    const scene: Scene = {
      background: { name: "grey", horizon: 0.5, shade: 1, phase: 0 },
      things: [
        { kind: "cylinder", colour: "red", box: [0.1, 0.1, 0.5, 0.5], shade: 1 },
        { kind: "cylinder", colour: "blue", box: [0.3, 0.1, 0.7, 0.5], shade: 1 },
        { kind: "cylinder", colour: "green", box: [0.1, 0.6, 0.5, 0.9], shade: 1 },
      ],
    };
    // Solids need no drawings.
    const [covered, covering, apart] = visibleShares(scene, {} as Drawings);
    expect(covered).toBeGreaterThan(0.4);
    expect(covered).toBeLessThan(0.62);
    expect([covering, apart]).toEqual([1, 1]);
  });
});
