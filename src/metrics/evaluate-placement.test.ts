import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { decodeImage } from "../io/image.js";
import type { Picture } from "../io/image.js";
import type { Box } from "../training/scenes/index.js";
import type { Detection, Detector } from "./detector/index.js";
import { evaluatePlacement } from "./evaluate-placement.js";
import type { PlacementDraw, PlacementEvaluation } from "./evaluate-placement.js";
import { readProtocol } from "./protocol.js";

const root = await mkdtemp(join(tmpdir(), "evaluate-"));
afterAll(() => rm(root, { recursive: true }));
const protocol = await readProtocol();
const PLAIN_BOX: Box = [0.3, 0.3, 0.7, 0.7];

/** What stands in each picture that the stand-in below has drawn. */
const contents = new WeakMap<Uint8Array, Detection[]>();

/** A model that puts things where it is told, or in the middle when it is told nothing. */
async function draw({ boxes, method, prompt }: PlacementDraw): Promise<{
  picture: Picture;
  evaluations: number;
}> {
  const triple = protocol.tune.find((each) => each.prompt === prompt)!;
  const data = new Uint8Array(96 * 96 * 3).fill(200);
  contents.set(
    data,
    triple.boxes.map(({ noun, colour }, index) => ({
      noun,
      colour,
      box: method === "none" ? PLAIN_BOX : boxes[index]!.box,
      score: 0.9,
    })),
  );
  return { picture: { width: 96, height: 96, data }, evaluations: 50 };
}

const detector: Detector = {
  threshold: 0.3,
  detect: async ({ data }) => contents.get(data) ?? [],
  release: async () => undefined,
};

const evaluation = (folder: string, more: Partial<PlacementEvaluation> = {}) => ({
  protocol,
  split: "tune" as const,
  count: 6,
  model: "stage",
  digest: "abc",
  methods: ["none", "direct"],
  draw,
  detector,
  judge: "a stand-in",
  command: "evaluate",
  folder: join(root, folder),
  ...more,
});

describe("evaluatePlacement", () => {
  it("measures a model that obeys: all in their boxes, plainly at chance", async () => {
    const { rows, details, count } = await evaluatePlacement(evaluation("whole"));
    expect(count).toBe(6);
    expect(rows.map(({ method }) => method)).toEqual(["chance", "none", "direct"]);
    const [chance, none, direct] = rows;
    expect(direct).toMatchObject({ found: 1, centreInBox: 1, bothInBox: 1, relationKept: 1 });
    expect(direct!.meanIou).toBeCloseTo(1, 6);
    expect(none!.meanIou).toBeLessThan(0.6);
    expect(none!.relationKept).toBe(0);
    expect(chance!.found).toBe(1);
    expect(details.seen.length).toBe(3);
    expect(details.unseen.length).toBe(3);
    const folder = join(root, "whole");
    const json = JSON.parse(await readFile(join(folder, "placement.json"), "utf8")) as {
      rows: unknown;
    };
    expect(json).toMatchObject({ rows, count: 6, judge: "a stand-in", command: "evaluate" });
    expect(await readFile(join(folder, "README.md"), "utf8")).toContain("| direct | 100.0");
    const sheet = await decodeImage(join(folder, "sheet-direct.png"));
    expect(sheet.width).toBeGreaterThan(6 * 192);
    expect(await readdir(join(folder, "pictures", "none"))).toHaveLength(6);
  });

  it("draws only what is missing when it goes on", async () => {
    const stop = new AbortController();
    let drawn = 0;
    const counting = async (request: PlacementDraw) => {
      if (++drawn === 3) stop.abort(new Error("stopped"));
      return draw(request);
    };
    const parts = { draw: counting, count: 2 };
    const first = evaluatePlacement(evaluation("parts", { ...parts, signal: stop.signal }));
    await expect(first).rejects.toThrow("stopped");
    expect(drawn).toBe(3);
    const { rows } = await evaluatePlacement(evaluation("parts", parts));
    expect(drawn).toBe(4);
    const { rows: whole } = await evaluatePlacement(evaluation("again", { count: 2 }));
    expect(rows).toEqual(whole);
    // A longer list goes on from the shorter one.
    await evaluatePlacement(evaluation("parts", { draw: counting, count: 3 }));
    expect(drawn).toBe(6);
  });

  it("draws several at once, with the same table, and tells what was missing", async () => {
    const busy = new Set<number>();
    let most = 0;
    const told: string[] = [];
    const slowly = async (request: PlacementDraw, job: number) => {
      expect(busy.has(job)).toBe(false);
      most = Math.max(most, busy.add(job).size);
      await new Promise((resolve) => setTimeout(resolve, 5));
      busy.delete(job);
      return draw(request);
    };
    const options = { jobs: 3, draw: slowly, results: join(root, "jobs-results") };
    const { rows } = await evaluatePlacement(evaluation("jobs", options));
    expect(most).toBe(3);
    const { rows: alone } = await evaluatePlacement(evaluation("alone"));
    expect(rows).toEqual(alone);
    expect(await readdir(options.results)).toContain("sheet-none.png");
    const onProgress = (done: number, missing: number) => void told.push(`${done}/${missing}`);
    await evaluatePlacement(evaluation("jobs", { count: 7, onProgress }));
    expect(told).toEqual(["0/2", "1/2", "2/2"]);
  });

  it("stops all jobs at the first fault, and keeps what was drawn", async () => {
    let drawn = 0;
    const failing = async (request: PlacementDraw) => {
      if (++drawn === 5) throw new Error("the disk is full");
      return draw(request);
    };
    const faulty = evaluation("faulty", { jobs: 2, draw: failing });
    await expect(evaluatePlacement(faulty)).rejects.toThrow("the disk is full");
    expect(drawn).toBeLessThanOrEqual(6);
    await evaluatePlacement(evaluation("faulty", { draw: failing }));
    expect(drawn).toBeLessThanOrEqual(14);
  });

  it("adds the ceiling when there is one", async () => {
    const { rows } = await evaluatePlacement(
      evaluation("ceiling", {
        count: 2,
        ceiling: async (triple) => {
          const { prompt, boxes } = triple;
          return (await draw({ prompt, boxes, seed: 0n, method: "ceiling" })).picture;
        },
      }),
    );
    expect(rows.at(-1)).toMatchObject({ method: "ceiling", centreInBox: 1, evaluations: 0 });
  });

  it("refuses a folder of other settings, and methods without the plain one", async () => {
    const other = evaluation("whole", { settings: { steps: 20 } });
    await expect(evaluatePlacement(other)).rejects.toThrow("expected records of");
    const without = evaluation("none", { methods: ["direct"] });
    await expect(evaluatePlacement(without)).rejects.toThrow("expected none among the methods");
  });
});
