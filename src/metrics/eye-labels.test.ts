import { describe, expect, it } from "vitest";
import {
  EyeLabels,
  agreementWithEye,
  eyeLabelsText,
  eyeMarkdown,
  methodAt,
  unanswered,
} from "./eye-labels.js";
import type { LabelledThing } from "./eye-labels.js";
import type { ThingScore } from "./placement.js";

const seen = (words: string, eye: LabelledThing["eye"]): LabelledThing => ({ words, eye });
const judged = (found: boolean, colourRight: boolean | null, centreInBox: boolean): ThingScore => ({
  found,
  colourRight,
  centreInBox,
  iou: 0,
});
const score = (...things: ThingScore[]) => ({ things, bothInBox: null, relationKept: null });
const labels = (...pictures: LabelledThing[][]): EyeLabels => ({
  ...{ rule: "All.", model: "stage", digest: "abc" },
  pictures: pictures.map((things, i) => {
    return { number: i + 1, id: `test-${i}`, method: "none", prompt: "p", things };
  }),
});

describe("methodAt", () => {
  it("gives each method as many pictures, with one box and with two", () => {
    const methods = ["none", "dd-v1", "direct", "dd"];
    const counts = new Map<string, number>();
    for (let index = 0; index < 60; index++) {
      const key = `${methodAt(index, methods)} ${index % 2}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(8);
    expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(7);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(8);
  });
});

describe("agreementWithEye", () => {
  const eye = labels(
    [seen("red cube", "in"), seen("cat", "out")],
    [seen("dog", "missing")],
    [seen("blue cone", "in, other colour")],
  );
  const judge = [
    score(judged(true, true, false), judged(false, null, false)),
    score(judged(true, null, true)),
    score(judged(true, true, true)),
  ];

  it("compares each answer where both have one", () => {
    const agreement = agreementWithEye(eye, judge);
    expect(agreement.found).toEqual({ asked: 4, same: 2, share: 0.5 });
    expect(agreement.colourRight).toEqual({ asked: 2, same: 1, share: 0.5 });
    expect(agreement.centreInBox).toEqual({ asked: 2, same: 1, share: 0.5 });
    // The cat is misplaced or missing to both; the cone is in its box to both.
    expect(agreement.placed).toEqual({ asked: 4, same: 2, share: 0.5 });
    expect(agreement.missed).toEqual(["1: cat"]);
    expect(agreement.imagined).toEqual(["2: dog"]);
    const page = eyeMarkdown(eye, agreement, "make");
    expect(page).toContain("| is the thing there | 50.0 % (2 of 4) |");
    expect(page).toContain("Seen by the eye alone: 1: cat. Seen by the judge alone: 2: dog.");
  });

  it("refuses scores of other pictures, and names what nobody has answered", () => {
    expect(() => agreementWithEye(eye, judge.slice(1))).toThrow("expected scores of 2,1,1 things");
    const open = labels([seen("red cube", "?"), seen("cat", "missing")]);
    expect(unanswered(open)).toEqual(["1: red cube"]);
    const text = eyeLabelsText(open);
    expect(EyeLabels.parse(JSON.parse(text))).toEqual(open);
    expect(text.split("\n")).toHaveLength(4);
  });
});
