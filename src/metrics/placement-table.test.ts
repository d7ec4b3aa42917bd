import { describe, expect, it } from "vitest";
import type { ProtocolTriple } from "../training/scenes/index.js";
import type { Detection } from "./detector/index.js";
import {
  detailsOf,
  differencesMarkdown,
  rowOf,
  scoreByChance,
  scoreTriple,
  tableMarkdown,
} from "./placement-table.js";

const LEFT = [0, 0, 0.4, 0.4] as const;
const RIGHT = [0.6, 0.6, 1, 1] as const;

function single(id: string, box: typeof LEFT | typeof RIGHT): ProtocolTriple {
  return {
    id,
    prompt: "a red cube",
    boxes: [{ words: "red cube", noun: "cube", colour: "red", box }],
    relation: null,
    seed: 1,
    unseen: false,
  };
}
const pair: ProtocolTriple = {
  ...single("pair", LEFT),
  boxes: [
    { words: "red cube", noun: "cube", colour: "red", box: LEFT },
    { words: "cat", noun: "cat", colour: null, box: RIGHT },
  ],
  relation: { first: 0, relation: "left of", second: 1 },
};
const cubeAt = (box: Detection["box"]): Detection[] => [
  { noun: "cube", colour: "red", box, score: 0.9 },
];

describe("scoreByChance", () => {
  const triples = [single("a", LEFT), pair, single("b", RIGHT)];

  it("scores against the next triple with as many boxes, not against its own", () => {
    const scores = scoreByChance(
      [cubeAt(LEFT), cubeAt(RIGHT)],
      [triples[0]!, triples[2]!],
      triples,
    );
    expect(scores.map(({ things }) => things[0]!.centreInBox)).toEqual([false, false]);
    const swapped = scoreByChance(
      [cubeAt(RIGHT), cubeAt(LEFT)],
      [triples[0]!, triples[2]!],
      triples,
    );
    expect(swapped.map(({ things }) => things[0]!.centreInBox)).toEqual([true, true]);
    expect(scores.every(({ things }) => things[0]!.found)).toBe(true);
  });

  it("takes the other's relation along", () => {
    const turned: ProtocolTriple = {
      ...pair,
      id: "turned",
      relation: { first: 1, relation: "left of", second: 0 },
    };
    const finds: Detection[] = [
      ...cubeAt(LEFT),
      { noun: "cat", colour: null, box: RIGHT, score: 0.9 },
    ];
    expect(scoreTriple(finds, pair).relationKept).toBe(true);
    expect(scoreByChance([finds], [pair], [pair, turned])[0]!.relationKept).toBe(false);
  });

  it("refuses a pool without another", () => {
    expect(() => scoreByChance([[]], [pair], triples)).toThrow("another triple with 2 boxes");
  });
});

describe("rowOf", () => {
  it("has the columns that the command prints", () => {
    const scores = [scoreTriple(cubeAt(LEFT), single("a", LEFT)), scoreTriple([], pair)];
    expect(rowOf({ method: "direct", scores, evaluations: 50 })).toEqual({
      method: "direct",
      found: 1 / 3,
      colourRight: 1,
      centreInBox: 1,
      meanIou: 1 / 3,
      bothInBox: 0,
      relationKept: 0,
      evaluations: 50,
    });
  });

  it("refuses no scores", () => {
    expect(() => rowOf({ method: "direct", scores: [], evaluations: 0 })).toThrow(
      "scores of direct",
    );
  });
});

describe("the tables", () => {
  const triples = Array.from({ length: 40 }, (_, i) => single(String(i), i % 2 ? LEFT : RIGHT));
  const plain = triples.map((triple) => scoreTriple(cubeAt(LEFT), triple));
  const placed = triples.map((triple) => scoreTriple(cubeAt(triple.boxes[0]!.box), triple));
  const details = detailsOf([
    { method: "chance", scores: plain, evaluations: 50 },
    { method: "none", scores: plain, evaluations: 50 },
    { method: "direct", scores: placed, evaluations: 50 },
  ]);

  it("compare methods with plain sampling, and plain sampling with chance", () => {
    expect(details.map(({ against }) => against.method)).toEqual(["none", "chance", "none"]);
    expect(details[1]!.against.centreInBox).toMatchObject({ difference: 0, significant: false });
    expect(details[2]!.against.centreInBox).toMatchObject({ difference: 0.5, significant: true });
  });

  it("show shares in percent with their intervals, and - where there is nothing", () => {
    const lines = tableMarkdown(details).split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[4]).toMatch(/^\| direct \| 100\.0 \(100\.0 to 100\.0\) \|/);
    expect(lines[4]).toContain("| 1.000 (1.000 to 1.000) | - | - | 50 |");
  });

  it("mark differences that leave out 0", () => {
    const lines = differencesMarkdown(details).split("\n");
    expect(lines[3]).not.toContain("*");
    expect(lines[4]).toMatch(/\| 50\.0 \(\S+ to \S+\) \*/);
  });
});
