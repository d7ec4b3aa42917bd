import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { floats } from "../core/tensor.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import type { Session, Tensors } from "../engine/runtime/session.js";
import { collectSpecs } from "../nn/input-weights.js";
import { linear } from "../nn/linear.js";
import { Packing } from "../nn/packed-weights.js";
import { checkpointsIn, loadLatestCheckpoint } from "./checkpoint.js";
import { runLoop } from "./loop.js";
import type { LoopOptions, LoopReport } from "./loop.js";
import { meanSquaredError } from "./losses.js";
import { STATE_NAMES, trainingStep } from "./step.js";
import type { LossBuilder } from "./step.js";
import { Trainer, initialState } from "./trainer.js";

const regression: LossBuilder = (weights, graph) => {
  const x = graph.input("x", "float32", [2, 1]);
  return { loss: meanSquaredError(linear(weights, "layer", x, 1), x) };
};

let session: Session;
let packing: Packing;
let folder: string;

beforeAll(async () => {
  packing = new Packing(collectSpecs((weights) => void regression(weights, weights.graph)));
  session = await nodeRuntime().compile(trainingStep(packing, regression), { threads: 1 });
});

afterAll(() => session.release());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-loop-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const newTrainer = () =>
  new Trainer(session, initialState(Float32Array.of(0.5, 0.1)), { learningRate: () => 0.01 });

const batchOf = async (k: number): Promise<Tensors> => ({ x: floats([2, 1], [k, -k]) });

const loop = (trainer: Trainer, options: Partial<LoopOptions> = {}) =>
  runLoop({ trainer, steps: 6, batchSize: 2, batchOf, folder, digest: "d", ...options });

const linesOf = async (): Promise<LoopReport[]> => {
  const text = await readFile(join(folder, "stats.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as LoopReport);
};

describe("runLoop", () => {
  it("takes all steps, tells of them and saves", async () => {
    const trainer = newTrainer();
    const told: number[] = [];
    const options = { reportEvery: 4, onStep: (k: number) => void told.push(k) };
    expect(await loop(trainer, options)).toBe(true);
    expect(told).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await linesOf()).map(({ step }) => step)).toEqual([4, 6]);
    expect((await linesOf())[0]!["loss"]).toBeGreaterThan(0);
    expect((await checkpointsIn(folder)).at(-1)!.completed).toBe(6);
  });

  it("stops after the step under way and saves", async () => {
    const trainer = newTrainer();
    const controller = new AbortController();
    const onStep = (k: number) => void (k === 2 && controller.abort());
    expect(await loop(trainer, { onStep, signal: controller.signal })).toBe(false);
    expect((await checkpointsIn(folder)).map(({ completed }) => completed)).toEqual([2]);
  });

  it("takes no step when it is stopped before, whatever becomes of the batch that was asked for", async () => {
    const unseen: unknown[] = [];
    const onUnseen = (error: unknown) => void unseen.push(error);
    process.on("unhandledRejection", onUnseen);
    const closed = () => Promise.reject(new Error("closed"));
    expect(await loop(newTrainer(), { batchOf: closed, signal: AbortSignal.abort() })).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onUnseen);
    expect(unseen).toEqual([]);
  });

  it("drops the statistics of steps that it takes again, and a torn line", async () => {
    const line = (step: number) => JSON.stringify({ step, seconds: 1, picturesPerSecond: 1 });
    const text = [line(2), line(3), line(4), '{"step":5,"sec'].join("\n");
    await writeFile(join(folder, "stats.jsonl"), text);
    const trainer = newTrainer();
    trainer.completed = 3;
    await loop(trainer);
    expect((await linesOf()).map(({ step }) => step)).toEqual([2, 3, 6]);
  });
});

describe("a loss that is no number", () => {
  const poisoned = async (k: number): Promise<Tensors> =>
    k === 4 ? { x: floats([2, 1], [NaN, 1]) } : batchOf(k);

  it("stops the run, names the step and the batch, and keeps the last good state", async () => {
    const trainer = newTrainer();
    await expect(loop(trainer, { batchOf: poisoned })).rejects.toThrow(
      /expected finite values, got loss = NaN at step 4: so is x of its batch. Mend the data/,
    );
    const good = newTrainer();
    await loop(good, { steps: 3, folder: await mkdtemp(join(tmpdir(), "followspot-loop-")) });
    const kept = (await loadLatestCheckpoint(folder, "d", packing.size))!;
    expect(kept.completed).toBe(3);
    for (const name of STATE_NAMES) expect(kept.state[name].data).toEqual(good.state[name].data);
  });

  it("lets the run go on once the batch is good", async () => {
    const trainer = newTrainer();
    await expect(loop(trainer, { batchOf: poisoned })).rejects.toThrow();
    expect(await loop(trainer)).toBe(true);
    const good = newTrainer();
    await loop(good);
    expect(trainer.state.average.data).toEqual(good.state.average.data);
  });
});

describe("a step that is not finite", () => {
  const rates = (rate: (k: number) => number) =>
    new Trainer(session, initialState(Float32Array.of(0.5, 0.1)), { learningRate: rate, packing });
  const steps = async () => (await checkpointsIn(folder)).map(({ completed }) => completed);

  it("names the parameter, keeps the state before it, and goes on with a lower rate", async () => {
    const wild = rates((k) => (k === 4 ? 1e39 : 0.01));
    await expect(loop(wild)).rejects.toThrow(
      /got parameters: layer.weight = NaN at step 4. Lower the learning rate and resume: .*00000003/,
    );
    expect(await steps()).toEqual([3]);
    const { state, completed } = (await loadLatestCheckpoint(folder, "d", packing.size))!;
    const again = new Trainer(session, state, { learningRate: () => 0.01, packing }, completed);
    expect(await loop(again)).toBe(true);
  });

  it("writes no checkpoint of it, and says that there is none before the first step", async () => {
    await expect(loop(rates(() => 1e39))).rejects.toThrow(
      /at step 1. No step was taken before: start a new run, with a lower learning rate/,
    );
    expect(await steps()).toEqual([0]);
  });

  it("is not mended by the rate alone when its loss overflows: the checkpoint before helps", async () => {
    // After step 3 the weights are so large that the loss of step 4 is none, whatever the rate.
    const wild = rates((k) => (k === 3 ? 1e30 : 0.01));
    await expect(loop(wild, { saveSeconds: 0 })).rejects.toThrow(
      /got loss = Infinity at step 4: weights and batch are finite.*00000003.safetensors gives the same again: remove it, and resume from checkpoint-00000002/,
    );
    expect(await steps()).toEqual([2, 3]);
    await rm(join(folder, "checkpoint-00000003.safetensors"));
    const { state, completed } = (await loadLatestCheckpoint(folder, "d", packing.size))!;
    const again = new Trainer(session, state, { learningRate: () => 0.01, packing }, completed);
    expect(await loop(again)).toBe(true);
  });

  it("names the weight whose gradient overflows, though the loss does not", async () => {
    const trainer = new Trainer(session, initialState(Float32Array.of(0.5, 0.1)), {
      ...{ learningRate: () => 0.01, packing },
    });
    const large = async (k: number): Promise<Tensors> =>
      k === 4 ? { x: floats([2, 1], [3e19, 1]) } : batchOf(k);
    await expect(loop(trainer, { batchOf: large })).rejects.toThrow(
      /gradientNorm = Infinity at step 4: weights and batch are finite, the gradient of layer.weight is not/,
    );
  });

  it("is looked for in what a run begins with", () => {
    const options = { learningRate: () => 0.01, packing };
    expect(() => new Trainer(session, initialState(Float32Array.of(1, NaN)), options)).toThrow(
      /expected finite values, got parameters: layer.bias = NaN before step 1/,
    );
  });
});

describe("whatever else is thrown", () => {
  it("the steps done are saved first", async () => {
    const onStep = (k: number) => {
      if (k === 2) throw new Error("the sheet could not be drawn");
    };
    await expect(loop(newTrainer(), { onStep })).rejects.toThrow("the sheet could not be drawn");
    expect((await checkpointsIn(folder)).at(-1)!.completed).toBe(2);
  });
});
