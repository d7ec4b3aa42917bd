// The pictures that a student's own steps lead to: those that sampling goes through, and noised data where none walk.

import { describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { fewSteps } from "../../src/distillation/index.js";
import { walkFeeds, walkedPictures } from "../../src/distillation/walk.js";
import type { Latent } from "../../src/diffusion/index.js";
import { sample } from "../../src/diffusion/samplers/sample.js";
import { mul } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import type { Predict } from "../../src/guidance/self-attention/index.js";
import { perPicture } from "../../src/training/losses.js";
import { expectClose } from "../closeness.js";
import { runOnce } from "../models/goldens.js";
import { SCHEDULE } from "./tiny-networks.js";

const STEPS = 4;
const SHAPE = [5, 2, 2, 1] as const;
const [noise, noisy] = [new Generator(1n).randn(SHAPE), new Generator(2n).randn(SHAPE)];

/** x0 = α x: what it says depends on picture and level. */
const walker: Predict = (x, { alpha }) => mul(x, perPicture(alpha));

/** What `sample` meets on the way, by the number of steps that are done. */
async function met(): Promise<Latent[]> {
  const states: Latent[] = [];
  const run = sample({
    ...fewSteps(SCHEDULE, "ddim"),
    denoiser: {
      denoise: async (x, { alpha }) => {
        states.push({ ...x, data: x.data.slice() });
        return { x0: { ...x, data: x.data.map((value) => alpha * value) } };
      },
    },
    condition: {
      embeddings: { dtype: "float32", shape: [5, 0, 0], data: new Float32Array() },
      conditional: [],
    },
    steps: STEPS,
    noise: { ...noise, data: noise.data.slice() },
  });
  for await (const step of run) void step;
  return states;
}

describe("walked pictures", () => {
  it("are those that the walker's own sampling goes through, and noised data for the others", async () => {
    const graph = new Graph();
    const shape = { batch: SHAPE[0], steps: STEPS - 1 };
    const input = (name: string) => graph.input(name, "float32", SHAPE);
    const from = { noisy: input("noisy"), noise: input("noise") };
    graph.output("x", walkedPictures(graph, walker, from, shape));
    const intervals = [4, 3, 2, 1, 1];
    const walks = [true, true, true, true, false];
    const feeds = walkFeeds(intervals, walks, { schedule: SCHEDULE, steps: STEPS });
    const { x } = await runOnce(graph, { noise, noisy, ...feeds });
    const states = await met();
    expect(states).toHaveLength(STEPS);
    const width = 4;
    intervals.forEach((at, n) => {
      const row = Array.from(x!.data as Float32Array).slice(n * width, (n + 1) * width);
      const source = walks[n] ? states[STEPS - at]! : noisy;
      const data = Array.from(source.data).slice(n * width, (n + 1) * width);
      expectClose(row, data, { relative: 1e-5, absolute: 1e-6 });
    });
  });
});
