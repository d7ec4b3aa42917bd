import { describe, expect, it } from "vitest";
import { FollowspotError } from "../core/errors.js";
import type { Size } from "./box.js";
import { NAMED_BOXES, formatBox, parseBox, parseBoxes } from "./box.js";

const size: Size = [200, 100];

describe("parseBox", () => {
  it.each([
    ["red cube=0.3,0.05,0.7,0.45", "red cube", [0.3, 0.05, 0.7, 0.45]],
    ["red cube = 30%, 5%, 70%, 45%", "red cube", [0.3, 0.05, 0.7, 0.45]],
    ["cat=20px,10px,100px,100px", "cat", [0.1, 0.1, 0.5, 1]],
    ["cat=0,0,50%,100%", "cat", [0, 0, 0.5, 1]],
    ["cat=.25,0,1,1e0", "cat", [0.25, 0, 1, 1]],
    ["red  cube#2=TOP-left", "red cube#2", [0, 0, 0.5, 0.5]],
    ["E=mc2 sign=center", "E=mc2 sign", [0.25, 0.25, 0.75, 0.75]],
  ])("%s", (text, words, box) => {
    expect(parseBox(text, { size })).toEqual({ words, box });
  });

  it.each([
    ["0.1,0.1,0.5,0.5", /WORDS=BOX/],
    ["=left", /WORDS=BOX/],
    ["cat=0.1,0.1,0.5", /four numbers or a name, got "0.1,0.1,0.5"/],
    ["cat=middle", /Names: left, right/],
    ["cat=constructor", /four numbers or a name/],
    ["cat=a,0,1,1", /expected a number, got "a"/],
    ["cat=NaN,0,1,1", /expected a number, got "NaN"/],
    ["cat=0x1,0,1,1", /expected a number/],
    ["cat=,0,1,1", /expected a number, got ""/],
    ["cat=0.5,0,0.1,1", /left < right, got 0.5,0,0.1,1/],
    ["cat=0,0.5,1,0.5", /top < bottom/],
    ["cat=-0.1,0,0.5,0.5", /inside the picture/],
    ["cat=0,0,1.01,1", /inside the picture .* percent \(30%\)/],
    ["cat=0,0,201px,100px", /inside the picture/],
    ["cat=30,5,70,45", /percent \(30%\) or pixels/],
    ["cat=10%,0.1,50%,0.5", /one unit/],
  ])("refuses %s", (text, message) => {
    expect(() => parseBox(text, { size })).toThrow(message);
    expect(() => parseBox(text, { size })).toThrow(FollowspotError);
  });

  it("needs the size for pixels", () => {
    expect(() => parseBox("cat=0,0,10px,10px")).toThrow(/pixels need the picture's size/);
  });

  it("refuses a box smaller than an attention cell and keeps one that is as large", () => {
    const scale = { size, cell: 10 };
    expect(parseBox("cat=0.7,0.7,0.75,0.8", scale).box).toEqual([0.7, 0.7, 0.75, 0.8]);
    expect(() => parseBox("cat=0,0,0.049,0.5", scale)).toThrow(/10 x 10 pixels\), got 9.8 x 50/);
    expect(() => parseBox("cat=0,0,0.5,0.099", scale)).toThrow(/at least 0.05 x 0.1 of/);
  });

  it("says all in one line", () => {
    try {
      parseBox("cat=0,0,2,2");
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).not.toContain("\n");
    }
  });
});

describe("parseBoxes", () => {
  it("refuses two boxes for the same words, whatever their case and spaces", () => {
    expect(() => parseBoxes(["red cube=left", "Red  Cube=right"])).toThrow(/two for "Red Cube"/);
    expect(parseBoxes(["cube=left", "cube#2=right"])).toHaveLength(2);
  });
});

describe("formatBox", () => {
  it("writes what parseBox reads back, bit for bit", () => {
    const boxes = [...Object.values(NAMED_BOXES), [0.1 + 0.2, 1 / 3, 2 / 3, 1] as const];
    for (const box of boxes) {
      const entry = { words: "a = b", box };
      expect(parseBox(formatBox(entry))).toEqual(entry);
    }
    expect(formatBox({ words: "cat", box: [0, 0.25, 0.5, 1] })).toBe("cat=0,0.25,0.5,1");
  });
});
