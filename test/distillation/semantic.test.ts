// Stage B: the student unchanged at the start, gradients of encoder and predictor alone, and what a latent tells.

import { describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { floats, integers } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import {
  LATENT_SOURCES,
  SHIFT_FACTORS,
  combined,
  declareLevel,
  frozenWeights,
  gridFeeds,
  informationGraph,
  levelFeeds,
  semanticLoss,
  shiftFactor,
} from "../../src/distillation/index.js";
import type { SemanticOptions } from "../../src/distillation/index.js";
import { Graph } from "../../src/engine/graph.js";
import { attentionGuided } from "../../src/guidance/self-attention/index.js";
import { ZEROS } from "../../src/nn/init.js";
import { PackedWeights } from "../../src/nn/packed-weights.js";
import { evaluate } from "../reference/index.js";
import { expectClose } from "../closeness.js";
import { runOnce } from "../models/goldens.js";
import {
  BATCH,
  FRESH,
  LATENT,
  MADE_UP,
  PICTURE,
  SCHEDULE,
  SEMANTIC_PACKING,
  tinySemantic,
} from "./tiny-networks.js";

const SHAPE = { batch: BATCH, picture: PICTURE, steps: 2, substeps: 2 };
const OPTIONS: SemanticOptions = { kind: "progressive", factor: "bounded", source: "data" };
const random = (seed: number, shape: readonly number[]): HostTensor<"float32"> =>
  new Generator(BigInt(seed)).randn(shape);
const vector = (data: Float32Array): HostTensor => floats([SEMANTIC_PACKING.size], data);

const feedsOf = (kind: "progressive" | "consistency") => ({
  pictures: random(1, [BATCH, ...PICTURE]),
  noise: random(2, [BATCH, ...PICTURE]),
  ...gridFeeds([1, 2, 2], {
    ...{ kind, schedule: SCHEDULE, steps: 2, substeps: 2 },
    weighting: "truncated-snr",
  }),
});
const FEEDS = feedsOf("progressive");

function parts() {
  const graph = new Graph();
  const packed = graph.input("parameters", "float32", [SEMANTIC_PACKING.size]);
  const weights = new PackedWeights(packed, SEMANTIC_PACKING);
  const networks = tinySemantic(weights, graph);
  const blur = { kernel: 5, sigma: 1 };
  const teacher = attentionGuided(networks.teacher, { clamp: 1, blur });
  return { graph, weights, networks: { ...networks, teacher } };
}

describe("the combined model", () => {
  it.each(SHIFT_FACTORS)(
    "is the student bit for bit at the start, with factor %s",
    async (factor) => {
      const { graph, networks } = parts();
      const x = graph.input("x", "float32", [BATCH, ...PICTURE]);
      const level = declareLevel(graph, "level", BATCH);
      const latent = graph.input("latent", "float32", [BATCH, LATENT]);
      graph.output("student", networks.student(x, level).x0);
      graph.output("combined", combined(networks, x, level, latent, factor));
      const feeds = {
        x: random(3, [BATCH, ...PICTURE]),
        latent: random(4, [BATCH, LATENT]),
        ...levelFeeds("level", [1, 0.5, 0.1].map(SCHEDULE.level)),
      };
      const fresh = await runOnce(graph, { ...feeds, parameters: vector(FRESH) });
      expect(fresh["combined"]!.data).toEqual(fresh["student"]!.data);
      const made = await runOnce(graph, { ...feeds, parameters: vector(MADE_UP) });
      expect(made["student"]!.data).toEqual(fresh["student"]!.data);
      expect(made["combined"]!.data).not.toEqual(fresh["student"]!.data);
    },
  );

  it.each(SHIFT_FACTORS)(
    "is the student and κ times what the predictor says, with factor %s",
    async (factor) => {
      const { graph, networks } = parts();
      const x = graph.input("x", "float32", [BATCH, ...PICTURE]);
      const level = declareLevel(graph, "level", BATCH);
      const latent = graph.input("latent", "float32", [BATCH, LATENT]);
      const { x0, stages } = networks.student(x, level);
      graph.output("student", x0);
      graph.output("predictor", networks.predictor(stages, latent));
      graph.output("combined", combined(networks, x, level, latent, factor));
      const levels = [1, 0.5, 0.1].map(SCHEDULE.level);
      const made = await runOnce(graph, {
        ...{ x: random(3, [BATCH, ...PICTURE]), latent: random(4, [BATCH, LATENT]) },
        ...{ ...levelFeeds("level", levels), parameters: vector(MADE_UP) },
      });
      const values = (name: string): Float32Array => made[name]!.data as Float32Array;
      const said = values("predictor");
      expect(Math.min(...said.map(Math.abs))).toBeGreaterThan(0);
      const kappas = levels.map(({ alpha, sigma }) => {
        const exact = sigma ** 2 / alpha;
        return { exact, sigma, bounded: Math.min(exact, 1) }[factor];
      });
      const expected = values("student").map(
        (value, i) => value + kappas[Math.floor((i * BATCH) / said.length)]! * said[i]!,
      );
      expectClose(values("combined"), expected, { relative: 1e-5, absolute: 1e-5 });
    },
  );

  it("has a factor that stays bounded where a single step is taken", async () => {
    const graph = new Graph();
    const level = declareLevel(graph, "level", 3);
    for (const factor of SHIFT_FACTORS) graph.output(factor, shiftFactor(factor, level));
    const levels = [1, 0.5, 0.25].map(SCHEDULE.level);
    const { bounded, sigma, exact } = await runOnce(graph, levelFeeds("level", levels));
    const expected = levels.map((each) => each.sigma ** 2 / each.alpha);
    expect(expected[0]).toBeGreaterThan(2e4);
    expectClose(exact!, { shape: [3], data: expected });
    expectClose(bounded!, { shape: [3], data: expected.map((each) => Math.min(each, 1)) });
    expectClose(sigma!, { shape: [3], data: levels.map((each) => each.sigma) });
  });
});

describe("the loss of stage B", () => {
  it.each([
    ...LATENT_SOURCES.map((source) => ["progressive", source] as const),
    ["consistency", "data"] as const,
  ])(
    "of a %s target has finite differences as its gradient, latents of the %s",
    async (kind, source) => {
      const { graph, weights, networks: own } = parts();
      const feeds = feedsOf(kind);
      // Any network at rest serves as the target network here.
      const networks = { ...own, average: own.teacher };
      const { loss } = semanticLoss(graph, { ...OPTIONS, kind, source }, networks, SHAPE);
      graph.output("gradient", weights.gradient(loss));
      const direction = random(9, [SEMANTIC_PACKING.size]).data;
      const { gradient: made } = await runOnce(graph, { ...feeds, parameters: vector(MADE_UP) });
      const slope = direction.reduce((sum, along, i) => sum + along * Number(made!.data[i]), 0);
      graph.outputs.clear();
      graph.output("loss", loss);
      const step = 1e-5;
      const lossAt = (by: number): number => {
        const data = Float64Array.from(MADE_UP, (value, i) => value + by * direction[i]!);
        const moved = { dtype: "float32", shape: [SEMANTIC_PACKING.size], data } as const;
        return evaluate(graph, { ...feeds, parameters: moved }).loss!.data[0]!;
      };
      const difference = (lossAt(step) - lossAt(-step)) / (2 * step);
      expectClose([slope], [difference], { relative: 1e-3, absolute: 0 });
    },
  );

  it("moves every weight of encoder and predictor, and none of the student", async () => {
    const { graph, weights, networks } = parts();
    const { loss } = semanticLoss(graph, OPTIONS, networks, SHAPE);
    graph.output("gradient", weights.gradient(loss));
    const made = await runOnce(graph, { ...FEEDS, parameters: vector(MADE_UP) });
    const each = SEMANTIC_PACKING.unpack(made["gradient"]!.data as Float32Array);
    const still = [...each].filter(([, { data }]) => data.every((value) => value === 0));
    // A key's bias moves no attention, since softmax takes it off again.
    expect(still.map(([name]) => name).filter((name) => !name.endsWith("to_k.bias"))).toEqual([]);
    const prefixes = new Set([...each.keys()].map((name) => name.split(".")[0]));
    expect([...prefixes].sort()).toEqual(["gradient_predictor", "semantic_encoder"]);
  });
});

describe("the information test", () => {
  it("tells a picture's own latent from another's and from none", async () => {
    const { graph, networks } = parts();
    informationGraph(graph, OPTIONS, networks, SHAPE);
    const order = integers([BATCH], [1, 2, 0]);
    const ask = (parameters: Float32Array) =>
      runOnce(graph, { ...FEEDS, order, parameters: vector(parameters) });
    const fresh = await ask(FRESH);
    expect(fresh["shuffled"]!.data).toEqual(fresh["own"]!.data);
    expect(fresh["zero"]!.data).toEqual(fresh["own"]!.data);
    const made = await ask(MADE_UP);
    expect(made["shuffled"]!.data).not.toEqual(made["own"]!.data);
    expect(made["zero"]!.data).not.toEqual(made["own"]!.data);
    const unmoved = await runOnce(graph, {
      ...{ ...FEEDS, order: integers([BATCH], [0, 1, 2]), parameters: vector(MADE_UP) },
    });
    expect(unmoved["shuffled"]!.data).toEqual(made["own"]!.data);
  });
});

describe("a target of the data itself", () => {
  it("is the picture, whatever the teacher says", async () => {
    const { graph, networks } = parts();
    const told: SemanticOptions = { ...OPTIONS, kind: "data" };
    const { report } = semanticLoss(graph, told, networks, SHAPE);
    graph.output("error", report.error);
    const x = graph.input("x", "float32", [BATCH, ...PICTURE]);
    const level = declareLevel(graph, "level", BATCH);
    graph.output("student", networks.student(x, level).x0);
    const grid = { schedule: SCHEDULE, steps: 1, substeps: 2, weighting: "constant" } as const;
    const levels = [1, 1, 1].map(SCHEDULE.level);
    const { alpha, sigma } = levels[0]!;
    const [pictures, noise] = [FEEDS.pictures.data, FEEDS.noise.data];
    const noisy = pictures.map((value, i) => alpha * value + sigma * noise[i]!);
    const made = await runOnce(graph, {
      ...{ pictures: FEEDS.pictures, noise: FEEDS.noise, parameters: vector(FRESH) },
      ...gridFeeds([1, 1, 1], { ...grid, kind: "data" }),
      ...{ x: floats(FEEDS.pictures.shape, noisy), ...levelFeeds("level", levels) },
    });
    const answer = made["student"]!.data as Float32Array;
    const squared = answer.reduce((sum, value, i) => sum + (value - pictures[i]!) ** 2, 0);
    expectClose(made["error"]!, { shape: [], data: [squared / answer.length] });
  });
});

describe("networks at rest", () => {
  it("stay apart, though their weights share their names", () => {
    const graph = new Graph();
    const spec = { name: "w", role: "vector", shape: [2], init: ZEROS } as const;
    const of = (name: string, value: number) =>
      frozenWeights(graph, name, new Map([["w", floats([2], [value, value])]])).get(spec);
    const [student, teacher] = [of("student", 1), of("teacher", 2)];
    expect(student.id).not.toBe(teacher.id);
    expect(of("student", 1).id).toBe(student.id);
    graph.output("student", student);
    graph.output("teacher", teacher);
    const made = evaluate(graph, {});
    expect([made["student"]!.data[0], made["teacher"]!.data[0]]).toEqual([1, 2]);
  });
});
