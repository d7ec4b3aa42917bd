// Distillation of a teacher whose score is known: each target's student is the map that theory says.

import { describe, expect, it } from "vitest";
import { floats } from "../../src/core/tensor.js";
import { drawIntervals, gridFeeds, intervalLevels } from "../../src/distillation/index.js";
import { distillationLoss, frozenVector } from "../../src/distillation/index.js";
import type { GridOptions, TargetKind } from "../../src/distillation/index.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { Packing, PackedWeights } from "../../src/nn/packed-weights.js";
import { Trainer, initialState } from "../../src/training/trainer.js";
import { trainingStep } from "../../src/training/step.js";
import type { LossBuilder } from "../../src/training/step.js";
import { CLEAN } from "../../src/diffusion/continuous.js";
import type { Level } from "../../src/diffusion/index.js";
import {
  DEVIATION,
  MEAN,
  PICTURE,
  SCHEDULE,
  affinePredict,
  composed,
  exactPredict,
  gaussianBatch,
  lineSpec,
} from "./gaussian.js";

const BATCH = 16;
type Line = readonly [slope: number, offset: number];

interface Toy extends Pick<GridOptions, "kind" | "steps" | "substeps"> {
  /** The teacher's lines at `steps * substeps` times; the exact score when absent. */
  readonly teacher?: readonly Line[];
  readonly updates: number;
  readonly decay?: number;
}

function lossOf({ kind, steps, substeps, teacher }: Toy, packing: Packing): LossBuilder {
  return (weights, graph) => {
    const lines = teacher && new Map([["lines", floats([teacher.length, 2], teacher.flat())]]);
    const known = lines && affinePredict(new ConstantWeights(graph, lines), teacher.length);
    const average = (): PackedWeights =>
      new PackedWeights(frozenVector(graph, packing, "average"), packing);
    const networks = {
      student: affinePredict(weights, steps),
      teacher: known ?? exactPredict,
      average: kind === "consistency" ? affinePredict(average(), steps) : undefined,
    };
    const shape = { batch: BATCH, picture: PICTURE, steps, substeps };
    return distillationLoss(graph, kind, networks, shape);
  };
}

/** Trains a toy student; its lines, first time first. */
async function distil(toy: Toy): Promise<Line[]> {
  const { kind, steps, substeps, updates, decay = 0.9 } = toy;
  const packing = new Packing([lineSpec(steps)]);
  const graph = trainingStep(packing, lossOf(toy, packing), { weightDecay: 0, clipNorm: 100 });
  const session = await nodeRuntime().compile(graph, { threads: 1 });
  const rate = (k: number): number => 0.1 * 1e-4 ** (k / updates);
  const options = { learningRate: rate, emaDecay: decay, beta2: 0.99 };
  const trainer = new Trainer(session, initialState(new Float32Array(2 * steps)), options);
  const grid: GridOptions = { kind, schedule: SCHEDULE, steps, substeps, weighting: "constant" };
  for (let k = 1; k <= updates; k++) {
    const feeds = gridFeeds(drawIntervals(BATCH, steps, 0.5), grid);
    await trainer.step({ ...gaussianBatch(k, BATCH), ...feeds });
  }
  await session.release();
  const { data } = trainer.state.parameters;
  return Array.from({ length: steps }, (_, i) => [data[2 * i]!, data[2 * i + 1]!] as const);
}

const timesOf = (steps: number): Level[] =>
  Array.from({ length: steps + 1 }, (_, j) =>
    j === steps ? CLEAN : SCHEDULE.level(1 - j / steps),
  );

/** The line through two points of a map. */
function lineOf(map: (x: number) => number): Line {
  const offset = map(0);
  return [map(1) - offset, offset];
}

/** Where a student lands from noise in all its steps. */
function sampled(lines: readonly Line[]): Line {
  const steps = lines.length;
  const predict = (x: number, { timestep }: Level): number => {
    const [slope, offset] = lines[Math.round(((timestep + 1) / 1000) * steps) - 1]!;
    return slope * x + offset;
  };
  return lineOf((x) => composed(x, timesOf(steps), predict));
}

function expectLine(actual: Line, expected: Line, tolerance: number): void {
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance));
}

describe("progressive distillation of a Gaussian", () => {
  it("equals the teacher's composed map, also over rounds", async () => {
    const teacherMap = lineOf((x) => composed(x, timesOf(8)));
    let lines: Line[] | undefined;
    for (const steps of [4, 2, 1]) {
      const teacher = lines ? { teacher: lines } : {};
      lines = await distil({ kind: "progressive", steps, substeps: 2, updates: 300, ...teacher });
      expectLine(sampled(lines), teacherMap, 1e-4);
    }
    // 8 DDIM steps fall a little short of the data's deviation, which the exact flow would give.
    expect(lines![0]![0]).toBeGreaterThan(0.8 * DEVIATION);
  });

  it("lands where the teacher lands from every time of the grid", async () => {
    const lines = await distil({ kind: "progressive", steps: 3, substeps: 2, updates: 300 });
    const grid = { schedule: SCHEDULE, steps: 3, substeps: 2 };
    for (const i of [1, 2, 3]) {
      const levels = intervalLevels(i, grid);
      const ends = [levels[0]!, levels.at(-1)!];
      const [slope, offset] = lines[i - 1]!;
      const student = lineOf((x) => composed(x, ends, (y) => slope * y + offset));
      expectLine(
        student,
        lineOf((x) => composed(x, levels)),
        1e-4,
      );
    }
  });
});

describe("distillation of endpoints of a Gaussian", () => {
  it("is the composed map from every time of the grid", async () => {
    const [steps, substeps] = [3, 2];
    const lines = await distil({ kind: "endpoint", steps, substeps, updates: 300 });
    for (let i = 1; i <= steps; i++) {
      const levels = timesOf(steps * substeps).slice((steps - i) * substeps);
      expectLine(
        lines[i - 1]!,
        lineOf((x) => composed(x, levels)),
        1e-4,
      );
    }
  });
});

describe("consistency distillation of a Gaussian", () => {
  it("converges to the same map from every time of the grid", async () => {
    const steps = 4;
    const lines = await distil({ kind: "consistency", steps, substeps: 1, updates: 600 });
    for (let i = 1; i <= steps; i++) {
      const levels = timesOf(steps).slice(steps - i);
      expectLine(
        lines[i - 1]!,
        lineOf((x) => composed(x, levels)),
        1e-4,
      );
    }
  });
});

describe("the reference target on a Gaussian", () => {
  const student = (kind: TargetKind) => distil({ kind, steps: 1, substeps: 2, updates: 200 });

  it("teaches the mean picture at t = 1, where the others teach the data", async () => {
    const [[slope, offset]] = (await student("reference")) as [Line];
    expect(Math.abs(offset - MEAN)).toBeLessThan(0.01);
    expect(Math.abs(slope)).toBeLessThan(0.01);
    const [[other]] = (await student("progressive")) as [Line];
    expect(other).toBeGreaterThan(0.3 * DEVIATION);
  });
});
