import { describe, expect, it } from "vitest";
import type { Detection, Detector } from "../metrics/detector/index.js";
import { PlacementJudge, targetOf } from "./score-placement.js";

const BOX = [0, 0, 0.5, 0.5] as const;
const PICTURE = { width: 96, height: 96, data: new Uint8Array(96 * 96 * 3) };

/** A detector that always finds the same. */
function finding(...detections: Pick<Detection, "noun" | "colour" | "box">[]) {
  const opened = { times: 0, released: 0 };
  const detector: Detector = {
    threshold: 0.5,
    detect: async () => detections.map((each) => ({ score: 0.9, ...each })),
    release: async () => void opened.released++,
  };
  const open = async () => (opened.times++, detector);
  return { opened, open };
}

describe("targetOf", () => {
  it("finds the noun and the colour in a box's words", () => {
    expect(targetOf({ words: "the Red cube#2", box: BOX })).toEqual({
      noun: "cube",
      colour: "red",
      box: BOX,
    });
    expect(targetOf({ words: "cat", box: BOX })?.colour).toBeNull();
    expect(targetOf({ words: "category", box: BOX })).toBeUndefined();
  });
});

describe("PlacementJudge", () => {
  const known = new Set(["cube", "red", "cat"]);

  it("scores each box whose thing it knows, and leaves the others out", async () => {
    const { opened, open } = finding({ noun: "cube", colour: "blue", box: [0.1, 0.1, 0.4, 0.4] });
    const judge = new PlacementJudge(open, known);
    const boxes = ["red cube", "cat", "castle"].map((words) => ({ words, box: BOX }));
    const [cube, cat, castle] = await judge.score(PICTURE, boxes);
    expect(cube).toMatchObject({ found: true, colourRight: false, centreInBox: true });
    expect(cube!.iou).toBeCloseTo(0.36, 6);
    expect(cat).toEqual({ found: false, centreInBox: false, iou: 0 });
    expect(castle).toBeUndefined();
    await judge.score(PICTURE, boxes);
    expect(opened.times).toBe(1);
    await judge.release();
    expect(opened.released).toBe(1);
  });

  it("opens the detector again after it could not be opened", async () => {
    const { opened, open } = finding();
    let tries = 0;
    const judge = new PlacementJudge(
      () => (tries++ === 0 ? Promise.reject(new Error("busy")) : open()),
      known,
    );
    const boxes = [{ words: "cat", box: BOX }];
    await expect(judge.score(PICTURE, boxes)).rejects.toThrow("busy");
    expect((await judge.score(PICTURE, boxes))[0]!.found).toBe(false);
    await judge.release();
    expect(opened).toEqual({ times: 1, released: 1 });
  });

  it("does not open the detector for a model that never saw the things", async () => {
    const { opened, open } = finding();
    const judge = new PlacementJudge(open, new Set(["dragon"]));
    expect(await judge.score(PICTURE, [{ words: "cube", box: BOX }])).toEqual([undefined]);
    await judge.release();
    expect(opened.times).toBe(0);
  });
});
