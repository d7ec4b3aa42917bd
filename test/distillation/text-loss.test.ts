// The loss of a text-to-image student on a tiny model: its gradient, what changes it, and the boxes that it sees.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { floats } from "../../src/core/tensor.js";
import { TextStudentBatches } from "../../src/distillation/text-run/batches.js";
import { textStudentSchema } from "../../src/distillation/text-run/config.js";
import type { TextStudentConfig } from "../../src/distillation/text-run/config.js";
import { textStudentLoss, textStudentPacking } from "../../src/distillation/text-run/loss.js";
import { readTextParent } from "../../src/distillation/text-run/parent.js";
import type { TextParent } from "../../src/distillation/text-run/parent.js";
import { gradient } from "../../src/engine/gradient.js";
import { Graph } from "../../src/engine/graph.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { Tensors } from "../../src/engine/runtime/session.js";
import { PackedWeights } from "../../src/nn/packed-weights.js";
import type { Packing } from "../../src/nn/packed-weights.js";
import { weightsUnder } from "../../src/training/half.js";
import { piecesOf, pieceName } from "../../src/training/pieces.js";
import { expectClose } from "../closeness.js";
import { progressiveLossByHand } from "./text-by-hand.js";
import { textStudentDocument, writeTextModel } from "./tiny-text.js";

let base: string;
let model: string;
let parent: TextParent;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-text-loss-"));
  model = await writeTextModel(base);
  parent = await readTextParent({ parent: model, cfg: 3 });
});

afterAll(() => rm(base, { recursive: true, force: true }));

const configOf = (options?: Record<string, unknown>): TextStudentConfig =>
  textStudentSchema.parse(textStudentDocument(model, options));

const CAPTIONS = ["a red cube and a cat", "a cat", "a blue sphere", "on the grass"];

function batchOf(config: TextStudentConfig): Tensors {
  const latents = new Generator(2n).randn([4, 4, 4, 4]).data;
  const halves = Uint16Array.from(latents, (value) => (value > 0 ? 0x3800 : 0xb400));
  const data = {
    latents: { dtype: "float16", shape: [4, 4, 4, 4], data: halves } as const,
    captions: CAPTIONS,
  };
  return new TextStudentBatches(data, parent, config).at(1);
}

const needsAverage = ({ target }: TextStudentConfig): boolean =>
  target.kind === "consistency" || target.walked > 0;

const teacherNames = () =>
  new Map([...parent.weights].map(([name, value]) => [`unet.${name}`, value]));

/** A student's weights a little off the teacher's. */
function offTeacher(packing: Packing): Float32Array {
  const noise = new Generator(5n).randn([packing.size]).data;
  return packing.pack(teacherNames()).map((value, i) => value + 0.05 * noise[i]!);
}

/** The loss of a batch and its gradient at weights a little off the teacher's. */
async function lossAt(config: TextStudentConfig, moved = new Map<number, number>()) {
  const packing = textStudentPacking(parent);
  const names = teacherNames();
  const vector = offTeacher(packing);
  moved.forEach((by, i) => (vector[i] = vector[i]! + by));
  const graph = new Graph();
  const parameters = graph.input("parameters", "float32", [packing.size]);
  const weights = new PackedWeights(parameters, packing);
  const { loss } = textStudentLoss(parent, config, packing)(weights, graph);
  graph.output("loss", loss);
  graph.output("gradient", gradient(loss, [parameters])[0]!);
  const session = await nodeRuntime().compile(graph, { threads: 1 });
  const pieces = piecesOf(packing.size).map(
    ({ start, end }, i) =>
      [
        pieceName("average", i),
        floats([end - start], packing.pack(names).subarray(start, end)),
      ] as const,
  );
  const feeds = {
    parameters: floats([packing.size], vector),
    ...Object.fromEntries(needsAverage(config) ? pieces : []),
    ...batchOf(config),
  };
  const made = await session.run(feeds);
  await session.release();
  return { loss: Number(made["loss"]!.data[0]), gradient: made["gradient"]!.data as Float32Array };
}

/** Compares a gradient with finite differences where it is steepest, by ranks from 0. */
async function expectSlopes(
  config: TextStudentConfig,
  slope: Float32Array,
  ranks: readonly number[],
): Promise<void> {
  const order = [...slope.keys()].sort((a, b) => Math.abs(slope[b]!) - Math.abs(slope[a]!));
  const step = 0.01;
  for (const at of ranks.map((rank) => order[rank]!)) {
    const up = await lossAt(config, new Map([[at, step]]));
    const down = await lossAt(config, new Map([[at, -step]]));
    const difference = (up.loss - down.loss) / (2 * step);
    expect(Math.abs(difference - slope[at]!)).toBeLessThan(0.03 * Math.abs(slope[at]!) + 1e-3);
  }
}

it("is drawn in a number of steps whose times a progressive student knows", () => {
  const target = { kind: "progressive", substeps: 2 };
  expect(() => configOf({ target, levels: 2, draw: { steps: 4 } })).toThrow(
    /expected a divisor of levels, 2, for a progressive target, got 4/,
  );
  expect(configOf({ target, levels: 4, draw: { steps: 2 } }).levels).toBe(4);
});

describe("the loss of a text-to-image student", () => {
  it("has the gradient that finite differences have, edits and guidance included", async () => {
    const config = configOf({ edits: { share: 1 } });
    const { gradient: slope } = await lossAt(config);
    await expectSlopes(config, slope, [0, 20, 100]);
  });

  it("is another where the student walks to its pictures, and has their gradient", async () => {
    const target = (walked: number) => ({ target: { kind: "progressive", substeps: 2, walked } });
    const [noised, walked] = [await lossAt(configOf(target(0))), await lossAt(configOf(target(1)))];
    expect(Math.abs(walked.loss - noised.loss)).toBeGreaterThan(1e-4);
    await expectSlopes(configOf(target(1)), walked.gradient, [0]);
  });

  it("sees features where they have a weight, and has their gradient", async () => {
    const target = (features: number) => ({ target: { kind: "progressive", features } });
    const [plain, seen] = [await lossAt(configOf(target(0))), await lossAt(configOf(target(0.5)))];
    const twice = await lossAt(configOf(target(1)));
    expect(seen.loss).toBeGreaterThan(plain.loss);
    expect((twice.loss - plain.loss) / (seen.loss - plain.loss)).toBeCloseTo(2, 3);
    await expectSlopes(configOf(target(1)), twice.gradient, [0]);
  });

  it("changes with edits in their range, and in nothing where none is drawn", async () => {
    const plain = await lossAt(configOf());
    const unasked = await lossAt(configOf({ edits: { share: 0 } }));
    const directed = await lossAt(configOf({ edits: { share: 1, until: 1, strength: [8, 8] } }));
    const late = await lossAt(configOf({ edits: { share: 1, until: 0 } }));
    expect(unasked.loss).toBeCloseTo(plain.loss, 5);
    expect(late.loss).toBeCloseTo(plain.loss, 5);
    expect(Math.abs(directed.loss - plain.loss)).toBeGreaterThan(1e-4);
  });

  it("adds windows in their own range alone", async () => {
    const windows = { share: 1, until: 1, outside: 1, strength: [8, 8] };
    const plain = await lossAt(configOf());
    const never = await lossAt(configOf({ edits: { ...windows, lift: 0 } }));
    const always = await lossAt(configOf({ edits: { ...windows, lift: 1 } }));
    expect(never.loss).toBeCloseTo(plain.loss, 5);
    expect(Math.abs(always.loss - plain.loss)).toBeGreaterThan(1e-4);
  });

  it("is that to where two steps of the guided teacher lead, of a progressive student", async () => {
    const steps = 5;
    const target = { kind: "progressive", substeps: 2 };
    const config = configOf({ target, levels: steps, draw: { steps } });
    const { loss } = await lossAt(config);
    const packing = textStudentPacking(parent);
    const student = weightsUnder("unet.", packing.unpack(offTeacher(packing)));
    const byHand = (substeps: number): Promise<number> =>
      progressiveLossByHand(parent, batchOf(config), { steps, substeps, cfg: 3, student });
    const two = await byHand(2);
    expectClose([loss], [two], { relative: 1e-3, absolute: 0 });
    // A single step of the teacher leads elsewhere.
    expect(Math.abs((await byHand(1)) - two)).toBeGreaterThan(0.05 * two);
  });
});

describe("its boxes", () => {
  it("follow from seed and step, and lie where no scene says", () => {
    const data = { latents: floats([4, 4, 4, 4], new Float32Array(256)), captions: CAPTIONS };
    const config = configOf({ edits: { share: 1, pairs: 1 } });
    const make = () => new TextStudentBatches(data as never, parent, config);
    expect(make().placementsAt(7)).toEqual(make().placementsAt(7));
    expect(make().placementsAt(7)).not.toEqual(make().placementsAt(8));
    const found = make()
      .placementsAt(7)
      .map(({ regions }) => regions);
    for (const { box, strength, tokens } of found.flat()) {
      expect(box[2] - box[0]).toBeGreaterThanOrEqual(0.25);
      expect(box[3] - box[1]).toBeLessThanOrEqual(0.5);
      expect(Math.min(...box)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...box)).toBeLessThanOrEqual(1);
      expect(strength).toBeGreaterThanOrEqual(0.5);
      expect(tokens.length).toBeGreaterThan(0);
    }
    // A caption that names nothing places nothing.
    expect(found.map(({ length }) => length > 0)).toContain(false);
  });
});
