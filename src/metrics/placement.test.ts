import { describe, expect, it } from "vitest";
import type { Box, Colour, Noun } from "../training/scenes/index.js";
import type { Detection } from "./detector/index.js";
import { matchTargets, scorePicture } from "./placement.js";
import type { PlacementTarget } from "./placement.js";

const LEFT: Box = [0, 0.25, 0.5, 0.75];
const RIGHT: Box = [0.5, 0.25, 1, 0.75];
const TOP: Box = [0.25, 0, 0.75, 0.5];
const BOTTOM: Box = [0.25, 0.5, 0.75, 1];

const find = (noun: Noun, colour: Colour | null, box: Box, score = 0.9): Detection => ({
  noun,
  colour,
  box,
  score,
});
const target = (noun: Noun, colour: Colour | null, box: Box): PlacementTarget => ({
  noun,
  colour,
  box,
});

describe("matchTargets", () => {
  it("prefers the colour asked for to a surer find of another", () => {
    const [blue, red] = [find("cube", "blue", LEFT, 0.99), find("cube", "red", RIGHT, 0.4)];
    expect(matchTargets([blue, red], [target("cube", "red", LEFT)])).toEqual([red]);
  });

  it("takes the surest of several, not the one that is in the box", () => {
    const [inside, sure] = [find("cat", null, LEFT, 0.5), find("cat", null, RIGHT, 0.8)];
    expect(matchTargets([inside, sure], [target("cat", null, LEFT)])).toEqual([sure]);
  });

  it("gives no find to two targets", () => {
    const only = find("cube", "red", LEFT);
    const targets = [target("cube", "blue", RIGHT), target("cube", "red", LEFT)];
    expect(matchTargets([only], targets)).toEqual([undefined, only]);
    const second = find("cube", "red", RIGHT, 0.3);
    expect(matchTargets([only, second], targets)).toEqual([second, only]);
  });

  it("finds nothing under another noun", () => {
    expect(matchTargets([find("dog", null, LEFT)], [target("cat", null, LEFT)])).toEqual([
      undefined,
    ]);
  });
});

describe("scorePicture", () => {
  it("scores what is found in its place", () => {
    const score = scorePicture([find("cube", "red", LEFT)], [target("cube", "red", LEFT)], null);
    expect(score.things).toEqual([{ found: true, colourRight: true, centreInBox: true, iou: 1 }]);
    expect(score.bothInBox).toBeNull();
    expect(score.relationKept).toBeNull();
  });

  it("counts what is not found as misplaced with IoU 0, its colour neither right nor wrong", () => {
    const score = scorePicture([], [target("cube", "red", LEFT)], null);
    expect(score.things).toEqual([{ found: false, colourRight: null, centreInBox: false, iou: 0 }]);
  });

  it("tells a wrong colour, and asks none of drawn things", () => {
    const things = scorePicture(
      [find("cube", "blue", LEFT), find("cat", null, RIGHT)],
      [target("cube", "red", LEFT), target("cat", null, RIGHT)],
      null,
    ).things;
    expect(things.map(({ colourRight }) => colourRight)).toEqual([false, null]);
  });

  it("wants both centres in their own boxes, not in each other's", () => {
    const targets = [target("cat", null, LEFT), target("dog", null, RIGHT)];
    const at = (cat: Box, dog: Box) =>
      scorePicture([find("cat", null, cat), find("dog", null, dog)], targets, null).bothInBox;
    expect(at(LEFT, RIGHT)).toBe(true);
    expect(at(RIGHT, LEFT)).toBe(false);
    expect(at(LEFT, LEFT)).toBe(false);
  });

  it.each([
    ["above", TOP, BOTTOM],
    ["left of", LEFT, RIGHT],
  ] as const)("reads %s from the centres, whichever thing is named first", (relation, a, b) => {
    const targets = [target("cat", null, a), target("dog", null, b)];
    const kept = (cat: Box, dog: Box, first: number) =>
      scorePicture([find("cat", null, cat), find("dog", null, dog)], targets, {
        first,
        relation,
        second: 1 - first,
      }).relationKept;
    expect(kept(a, b, 0)).toBe(true);
    expect(kept(b, a, 0)).toBe(false);
    expect(kept(b, a, 1)).toBe(true);
    expect(kept(a, a, 0)).toBe(false);
  });

  it("keeps no relation when one of the two is missing", () => {
    const targets = [target("cat", null, LEFT), target("dog", null, RIGHT)];
    const relation = { first: 0, relation: "left of", second: 1 } as const;
    expect(scorePicture([find("cat", null, LEFT)], targets, relation).relationKept).toBe(false);
  });
});
