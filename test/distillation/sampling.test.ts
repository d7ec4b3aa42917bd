// Sampling in few steps with counted evaluations, and latents by latent diffusion.

import { describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { floats, zeros } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { CLEAN } from "../../src/diffusion/continuous.js";
import { levelAt, sampleToEnd } from "../../src/diffusion/index.js";
import type { Condition, Level } from "../../src/diffusion/index.js";
import {
  CompiledPredictor,
  LatentSampler,
  denormalised,
  fewSteps,
  latentFeeds,
  latentLoss,
  latentSchedule,
  latentStatistics,
  normalised,
} from "../../src/distillation/index.js";
import { Graph } from "../../src/engine/graph.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { attentionGuided } from "../../src/guidance/self-attention/index.js";
import { latentMlp, parseLatentMlpConfig } from "../../src/models/latent-mlp/index.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import { Packing, PackedWeights } from "../../src/nn/packed-weights.js";
import { evaluate } from "../reference/index.js";
import { expectClose } from "../closeness.js";
import { makeWeights, runOnce } from "../models/goldens.js";
import { SCHEDULE, composed, exactPredict, exactX0 } from "./gaussian.js";
import { GOLDENS, goldenNetwork } from "./golden-network.js";

const CONDITION: Condition = { embeddings: floats([2, 0, 0], []), conditional: [true, true] };
const SHAPE = [2, 2, 2, 1];
const random = (seed: number, shape: readonly number[]): HostTensor<"float32"> =>
  new Generator(BigInt(seed)).randn(shape);

const timesOf = (steps: number): Level[] =>
  Array.from({ length: steps + 1 }, (_, j) =>
    j === steps ? CLEAN : SCHEDULE.level((steps - j) / steps),
  );

describe("few steps", () => {
  it.each([1, 2, 4])("%i of DDIM are the composed map, one evaluation each", async (steps) => {
    const student = await CompiledPredictor.create(nodeRuntime(), () => exactPredict, SHAPE);
    const noise = random(1, SHAPE);
    const run = { denoiser: student, condition: CONDITION, steps, noise };
    const made = await sampleToEnd({ ...fewSteps(SCHEDULE, "ddim"), ...run });
    await student.release();
    const expected = Array.from(noise.data, (x) => composed(x, timesOf(steps)));
    expectClose(made, { shape: SHAPE, data: expected }, { absolute: 5e-6 });
    expect(student.spent).toEqual({ calls: steps, rows: 2 * steps });
  });

  it("renoise with fresh noise between predictions", async () => {
    const student = await CompiledPredictor.create(nodeRuntime(), () => exactPredict, SHAPE);
    const [noise, fresh] = [random(1, SHAPE), random(2, SHAPE)];
    const made = await sampleToEnd({
      ...fewSteps(SCHEDULE, "renoise"),
      ...{ denoiser: student, condition: CONDITION, steps: 2, noise, stepNoise: () => fresh },
    });
    await student.release();
    const [first, second] = timesOf(2) as [Level, Level];
    const expected = Array.from(noise.data, (x, i) => {
      const x0 = exactX0(x, first);
      return exactX0(second.alpha * x0 + second.sigma * fresh.data[i]!, second);
    });
    expectClose(made, { shape: SHAPE, data: expected }, { absolute: 5e-6 });
  });

  it("count two evaluations under guidance", async () => {
    const shape = GOLDENS.x.shape;
    const guided = await CompiledPredictor.create(
      nodeRuntime(),
      () => attentionGuided(goldenNetwork, { clamp: 1, blur: { kernel: 5, sigma: 1 } }),
      shape,
      { evaluations: 2 },
    );
    const rows = shape[0]!;
    const condition = {
      embeddings: floats([rows, 0, 0], []),
      conditional: new Array<boolean>(rows).fill(true),
    };
    const run = { denoiser: guided, condition, steps: 2, noise: random(3, shape) };
    await sampleToEnd({ ...fewSteps(SCHEDULE, "ddim"), ...run });
    expect(guided.spent).toEqual({ calls: 4, rows: 4 * rows });
    expect(guided.with({}).spent).toEqual({ calls: 0, rows: 0 });
    await guided.release();
  });
});

const MLP = parseLatentMlpConfig({
  latent_dim: 3,
  hidden_dim: 8,
  num_layers: 3,
  time_embedding_dim: 8,
});
const PACKING = new Packing(
  collectSpecs((w) => {
    const latent = w.graph.input("latent", "float32", [1, 3]);
    latentMlp(w, MLP, { latent, timestep: w.graph.input("timestep", "float32", [1]) });
  }),
);

describe("latent diffusion", () => {
  const latents = floats([4, 3], [1, 5, 2, 2, 5, 4, 3, 5, 6, 4, 5, 8]);
  const statistics = latentStatistics(latents);

  it("normalises each place, and leaves one that never changes", () => {
    expect([...statistics.mean]).toEqual([2.5, 5, 5]);
    expect([...statistics.deviation].map((value) => Number(value.toFixed(6)))).toEqual([
      1.118034, 1, 2.236068,
    ]);
    const unit = normalised(latents, statistics);
    expect(Math.abs(unit.data.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-6);
    expectClose(denormalised(unit, statistics), latents);
  });

  it("has the constant betas of PDAE", () => {
    expect(levelAt(latentSchedule(), 999).alpha ** 2).toBeCloseTo(0.992 ** 1000, 12);
  });

  it("has a loss whose gradient is its finite difference", async () => {
    const graph = new Graph();
    const packed = graph.input("parameters", "float32", [PACKING.size]);
    const weights = new PackedWeights(packed, PACKING);
    const { loss } = latentLoss(MLP, 4)(weights, graph);
    graph.output("gradient", weights.gradient(loss));
    const point = PACKING.pack(makeWeights(PACKING.specs));
    const feeds = latentFeeds(normalised(latents, statistics), latentSchedule(), new Generator(7n));
    const made = await runOnce(graph, { ...feeds, parameters: floats([PACKING.size], point) });
    const direction = random(8, [PACKING.size]).data;
    const slope = direction.reduce(
      (s, along, i) => s + along * Number(made["gradient"]!.data[i]),
      0,
    );
    graph.outputs.clear();
    graph.output("loss", loss);
    const lossAt = (by: number): number => {
      const data = Float64Array.from(point, (value, i) => value + by * direction[i]!);
      const moved = { dtype: "float32", shape: [PACKING.size], data } as const;
      return evaluate(graph, { ...feeds, parameters: moved }).loss!.data[0]!;
    };
    const step = 1e-6;
    const difference = (lossAt(step) - lossAt(-step)) / (2 * step);
    expectClose([slope], [difference], { relative: 1e-3, absolute: 0 });
  });

  it("draws what its network says: without noise in it, the latent that the first noise is scaled from", async () => {
    const weights = new Map(
      PACKING.specs.map(({ name, shape }) => [name, zeros("float32", shape)] as const),
    );
    const noise = random(9, [2, 3]);
    const shared = { config: MLP, weights, statistics, batch: 2, runtime: nodeRuntime() };
    const free = await LatentSampler.create(shared);
    const scale = 1 / levelAt(latentSchedule(), 999).alpha;
    const scaled = floats(
      [2, 3],
      noise.data.map((value) => value * scale),
    );
    const drawn = await free.draw(noise, 5);
    expectClose(drawn, denormalised(scaled, statistics), { relative: 1e-5 });
    expect(free.evaluations).toBe(5);
    await free.release();
    const cut = await LatentSampler.create({ ...shared, clip: true });
    const inside = normalised(await cut.draw(noise, 5), statistics);
    await cut.release();
    expect(Math.max(...inside.data.map(Math.abs))).toBeLessThanOrEqual(1 + 1e-5);
  });

  it("cuts as PDAE does, which takes the noise anew from what is cut", async () => {
    const weights = makeWeights(PACKING.specs);
    const unit = { mean: new Float32Array(3), deviation: new Float32Array(3).fill(1) };
    const shared = { config: MLP, weights, statistics: unit, batch: 1, runtime: nodeRuntime() };
    const noise = floats([1, 3], [0.2, -0.3, 1.7]);
    const noiseAt = async (z: readonly number[], timestep: number): Promise<number[]> => {
      const graph = new Graph();
      const latent = graph.input("latent", "float32", [1, 3]);
      const at = graph.input("timestep", "float32", [1]);
      const known = new ConstantWeights(graph, weights);
      graph.output("noise", latentMlp(known, MLP, { latent, timestep: at }));
      const feeds = { latent: floats([1, 3], z), timestep: floats([1], [timestep]) };
      return Array.from((await runOnce(graph, feeds))["noise"]!.data, Number);
    };
    // ddim_sample of model/diffusion/ddim.py, number by number; ᾱ is 0.992 to the power of the steps up to t.
    const drawnBy = async (anew: boolean): Promise<number[]> => {
      let z = Array.from(noise.data, (value) => Math.min(1, Math.max(-1, value)));
      for (const [t, before] of [
        [999, 799],
        [799, 599],
        [599, 399],
        [399, 199],
        [199, -1],
      ] as const) {
        const [bar, next] = [0.992 ** (t + 1), 0.992 ** (before + 1)];
        const [recip, recipM1] = [Math.sqrt(1 / bar), Math.sqrt(1 / bar - 1)];
        const told = await noiseAt(z, t);
        z = z.map((value, i) => {
          const z0 = Math.min(1, Math.max(-1, recip * value - recipM1 * told[i]!));
          const fresh = anew ? (recip * value - z0) / recipM1 : told[i]!;
          return z0 * Math.sqrt(next) + Math.sqrt(1 - next) * fresh;
        });
      }
      return z;
    };
    const cut = await LatentSampler.create({ ...shared, clip: true });
    const drawn = await cut.draw(noise, 5);
    await cut.release();
    expectClose(drawn, { shape: [1, 3], data: await drawnBy(true) }, { absolute: 2e-5 });
    // The noise from before the cut leads elsewhere.
    const kept = await drawnBy(false);
    expect(Math.max(...kept.map((value, i) => Math.abs(value - drawn.data[i]!)))).toBeGreaterThan(
      0.05,
    );
  });
});
