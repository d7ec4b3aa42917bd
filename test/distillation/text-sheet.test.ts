// The sheets of a text-to-image student show what its folder draws, plain and with a box.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { floats } from "../../src/core/tensor.js";
import { textStudentSchema } from "../../src/distillation/text-run/config.js";
import { exportTextStudent } from "../../src/distillation/text-run/export.js";
import { textStudentPacking } from "../../src/distillation/text-run/loss.js";
import { readTextParent } from "../../src/distillation/text-run/parent.js";
import type { TextParent } from "../../src/distillation/text-run/parent.js";
import { drawTextSheet } from "../../src/distillation/text-run/sheet.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { loadPipeline } from "../../src/index.js";
import { withThreads } from "../../src/training/run/threads.js";
import { textStudentDocument, writeTextModel } from "./tiny-text.js";

const SIDE = 16;
/** Between the cells of a sheet, in pixels. */
const GAP = 8;
const PROMPT = "a cat";

let base: string;
let model: string;
let parent: TextParent;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-text-sheet-"));
  model = await writeTextModel(base, 0.2);
  parent = await readTextParent({ parent: model, cfg: 3 });
});

afterAll(() => rm(base, { recursive: true, force: true }));

const configOf = (options: object) =>
  textStudentSchema.parse(
    textStudentDocument(model, {
      ...{ levels: 4, sample_prompts: [PROMPT, "a red cube and a cat"] },
      ...options,
    }),
  );

/** A cell of a sheet of two columns, as bytes. */
async function cellOf(sheet: string, column: number, top: number): Promise<Uint8Array> {
  const area = { left: GAP + column * (SIDE + GAP), top, width: SIDE, height: SIDE };
  return sharp(sheet).removeAlpha().extract(area).raw().toBuffer();
}

const furthest = (one: Uint8Array, other: Uint8Array): number =>
  one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);

describe.each([
  ["progressive", { target: { kind: "progressive", substeps: 2 }, edits: { until: 1, gain: 10 } }],
  ["consistency", { target: { kind: "consistency" }, edits: null }],
])("a sheet of a %s student", (name, options) => {
  it("shows what the student's folder draws", async () => {
    const config = configOf(options);
    const packing = textStudentPacking(parent);
    const names = new Map([...parent.weights].map(([key, value]) => [`unet.${key}`, value]));
    const average = floats([packing.size], packing.pack(names));
    const folder = join(base, name);
    await exportTextStudent(config, { packing, average, step: 3 }, folder);

    const told: string[] = [];
    const runtime = withThreads(nodeRuntime(), 1);
    const onSheet = (path: string, remark: string) => void told.push(path, remark);
    await drawTextSheet(3, { parent, config, packing, average }, { runtime, folder, onSheet });
    expect(told[1]).toBe("samples of 2 steps at step 3: samples-00000003.png");

    const pipeline = await loadPipeline(folder);
    const box = { words: "cat", box: [0.05, 0.45, 0.5, 0.9] as const };
    const draw = async (boxes: (typeof box)[]) =>
      (await pipeline.pictures({ prompt: PROMPT, steps: 2, boxes, seed: 1n }))[0]!.picture.data;
    const plain = await draw([]);
    // The folder's weights are of half precision.
    expect(furthest(await cellOf(told[0]!, 0, GAP), plain)).toBeLessThanOrEqual(2);
    const { height } = await sharp(told[0]).metadata();
    const rows = config.edits ? 2 : 1;
    const pitch = (height - GAP) / rows;
    expect(pitch).toBeGreaterThan(SIDE + GAP);
    if (config.edits) {
      const placed = await draw([box]);
      expect(furthest(placed, plain)).toBeGreaterThan(4);
      expect(furthest(await cellOf(told[0]!, 0, GAP + pitch), placed)).toBeLessThanOrEqual(2);
    }
    await pipeline.close();
  });
});
