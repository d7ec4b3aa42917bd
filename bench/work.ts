// One thing that is timed.

import { performance } from "node:perf_hooks";
import { floats } from "../src/core/tensor.js";
import { matmul } from "../src/engine/functions.js";
import { Graph } from "../src/engine/graph.js";
import type { CompileOptions, Runtime } from "../src/engine/runtime/session.js";
import { Packing } from "../src/nn/packed-weights.js";
import { Trainer, initialState } from "../src/training/trainer.js";
import { trainingStep } from "../src/training/step.js";
import { denoisingLoss } from "./loss.js";
import { constantWeights, feedsFor, fileWeights, noise, uniform } from "./fill.js";
import { forwardGraph, sizesOf, specsOf } from "./nets.js";
import type { Net } from "./nets.js";

export interface Work {
  readonly name: string;
  /** Model FLOPs of one run; absent where only times are compared. */
  readonly flops?: number;
  readonly parameters?: number;
  /** Seconds from the description of the network to a session that runs. */
  readonly openSeconds?: number;
  /** The work of ours that this one does elsewhere. */
  readonly peerOf?: string;
  /** Milliseconds to wait afterwards, while the threads of another process still spin. */
  readonly restMs?: number;
  /** Runs once; milliseconds. */
  run(): Promise<number>;
  release(): Promise<void>;
}

/** Milliseconds that an action takes. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

const SIDE = 1024;
const LINKS = 10;

/** The yardstick: ten chained products of 1024 x 1024 matrices. */
export async function yardstick(runtime: Runtime, threads: number): Promise<Work> {
  const graph = new Graph();
  const a = graph.input("a", "float32", [SIDE, SIDE]);
  const b = graph.input("b", "float32", [SIDE, SIDE]);
  let y = a;
  for (let i = 0; i < LINKS; i++) y = matmul(y, b);
  graph.output("y", y);
  const session = await runtime.compile(graph, { threads, spinning: true });
  // Entries of variance 1 / SIDE keep the products at the size of their factor.
  const feeds = { a: noise([SIDE, SIDE]), b: noise([SIDE, SIDE], Math.sqrt(3 / SIDE), 2) };
  return {
    name: "yardstick",
    flops: 2 * LINKS * SIDE ** 3,
    run: () => timed(() => session.run(feeds)),
    release: () => session.release(),
  };
}

export interface ForwardOptions extends CompileOptions {
  readonly name: string;
  readonly batch: number;
  /** A file for weights that are too many for one ONNX model; constants when absent. */
  readonly weightFile?: string;
}

/** A forward pass with constant weights, as pipelines run it. */
export async function forwardWork(
  runtime: Runtime,
  net: Net,
  { name, batch, weightFile, ...compile }: ForwardOptions,
): Promise<Work> {
  const start = performance.now();
  const specs = specsOf(net);
  const graph = new Graph();
  const weights = weightFile
    ? fileWeights(graph, weightFile, specs)
    : constantWeights(graph, specs);
  forwardGraph(weights, net, batch);
  const session = await runtime.compile(graph, { spinning: true, ...compile });
  const openSeconds = (performance.now() - start) / 1000;
  const feeds = feedsFor(graph, net.text?.vocab_size);
  const { parameters, flops } = sizesOf(net);
  return {
    name,
    flops: flops * batch,
    parameters,
    openSeconds,
    run: () => timed(() => session.run(feeds)),
    release: () => session.release(),
  };
}

/** The inputs of a training step that the trainer gives itself. */
const OWN_INPUTS =
  /^((parameters|firstMoment|secondMoment|average)(\.\d+)?|learningRate|correction\d|emaDecay)$/;

/** A whole training step: forward, backward, clipping, AdamW and EMA. */
export async function trainingWork(
  runtime: Runtime,
  net: Net,
  { name, batch, ...compile }: ForwardOptions,
): Promise<Work> {
  const start = performance.now();
  const packing = new Packing(specsOf(net));
  const graph = trainingStep(packing, denoisingLoss(net, batch));
  const session = await runtime.compile(graph, { spinning: true, ...compile });
  const openSeconds = (performance.now() - start) / 1000;
  const feeds = Object.entries(feedsFor(graph, net.text?.vocab_size));
  const data = Object.fromEntries(feeds.filter(([input]) => !OWN_INPUTS.test(input)));
  const state = initialState(uniform(packing.size, 0.02));
  const trainer = new Trainer(session, state, { learningRate: () => 1e-5 });
  const { parameters, flops } = sizesOf(net);
  return {
    name,
    flops: 3 * flops * batch,
    parameters,
    openSeconds,
    run: () => timed(() => trainer.step({ ...data, alpha: half(batch), sigma: half(batch) })),
    release: () => session.release(),
  };
}

/** √½ for each picture: as much noise as signal. */
function half(batch: number) {
  return floats([batch], new Float32Array(batch).fill(Math.SQRT1_2));
}
