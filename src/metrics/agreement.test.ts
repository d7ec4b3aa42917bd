import { describe, expect, it } from "vitest";
import { agreementOf } from "./agreement.js";
import type { Detection } from "./detector/index.js";
import type { PlacementTarget } from "./placement.js";

const LEFT = [0, 0, 0.4, 0.4] as const;
const RIGHT = [0.6, 0.6, 1, 1] as const;
const target: PlacementTarget = { noun: "cube", colour: "red", box: LEFT };
const cube = (box: Detection["box"], colour: Detection["colour"] = "red"): Detection => ({
  noun: "cube",
  colour,
  box,
  score: 0.9,
});
const asked = [{ boxes: [target] }];
const agreement = (detections: Detection[], secondJudge: Detection[]) =>
  agreementOf([{ detections, secondJudge }], asked);

describe("agreementOf", () => {
  it("is whole when both see the same, or both see nothing", () => {
    const whole = { asked: 1, onPresence: 1, onPlace: 1, onCentre: 1 };
    expect(agreement([cube(LEFT)], [cube(LEFT)])).toEqual(whole);
    expect(agreement([], [])).toEqual(whole);
  });

  it("tells apart presence, place and the centre in the box", () => {
    expect(agreement([cube(LEFT)], [])).toMatchObject({ onPresence: 0 });
    expect(agreement([cube(LEFT)], [cube(RIGHT)])).toMatchObject({
      onPresence: 1,
      onPlace: 0,
      onCentre: 0,
    });
    // Elsewhere, but both outside the box asked for.
    const bottom = [0, 0.6, 0.4, 1] as const;
    expect(agreement([cube(RIGHT)], [cube(bottom)])).toMatchObject({ onPlace: 0, onCentre: 1 });
  });

  it("takes another colour for absence", () => {
    expect(agreement([cube(LEFT, "blue")], [])).toMatchObject({ onPresence: 1 });
    expect(agreement([cube(LEFT, "blue")], [cube(LEFT)])).toMatchObject({ onPresence: 0 });
  });

  it("leaves out drawn things, which the second judge does not know", () => {
    const cat: PlacementTarget = { noun: "cat", colour: null, box: LEFT };
    expect(agreementOf([{ detections: [], secondJudge: [] }], [{ boxes: [cat] }]).asked).toBe(0);
  });
});
