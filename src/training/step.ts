// A whole training step as one graph: forward, backward, clipping, AdamW and EMA in one call.

import { Graph } from "../engine/graph.js";
import type { Value } from "../engine/graph.js";
import { PackedWeights } from "../nn/packed-weights.js";
import type { Packing } from "../nn/packed-weights.js";
import type { Weights } from "../nn/weights.js";
import { emaStep } from "./ema.js";
import { adamW } from "./optimiser.js";
import type { AdamWOptions } from "./optimiser.js";

/** The vectors that a step reads and writes, each [packing.size]. */
export const STATE_NAMES = ["parameters", "firstMoment", "secondMoment", "average"] as const;
export type StateName = (typeof STATE_NAMES)[number];

/** Builds a scalar loss, and further scalars to report, from weights and inputs that it declares. */
export type LossBuilder = (
  weights: Weights,
  graph: Graph,
) => { readonly loss: Value; readonly report?: Readonly<Record<string, Value>> };

/** Name of the output that holds the next value of a state vector. */
export function nextName(name: StateName): string {
  return `next.${name}`;
}

/**
 * The graph of one step. Inputs: the four state vectors, the scalars `learningRate`, `correction1`,
 * `correction2` and `emaDecay`, and what `build` declares. Outputs: `next.*`, `loss`, `gradientNorm`
 * and the reported scalars.
 */
export function trainingStep(
  packing: Packing,
  build: LossBuilder,
  options: AdamWOptions = {},
): Graph {
  const graph = new Graph();
  const vector = (name: StateName): Value => graph.input(name, "float32", [packing.size]);
  const scalar = (name: string): Value => graph.input(name, "float32", []);
  const state = {
    parameters: vector("parameters"),
    firstMoment: vector("firstMoment"),
    secondMoment: vector("secondMoment"),
  };
  const weights = new PackedWeights(state.parameters, packing);
  const { loss, report = {} } = build(weights, graph);
  const rates = {
    learningRate: scalar("learningRate"),
    correction1: scalar("correction1"),
    correction2: scalar("correction2"),
  };
  const next = adamW(state, weights.gradient(loss), rates, packing.decayed, options);
  const average = emaStep(vector("average"), next.parameters, scalar("emaDecay"));
  graph.output(nextName("parameters"), next.parameters);
  graph.output(nextName("firstMoment"), next.firstMoment);
  graph.output(nextName("secondMoment"), next.secondMoment);
  graph.output(nextName("average"), average);
  graph.output("loss", loss);
  graph.output("gradientNorm", next.gradientNorm);
  for (const [name, value] of Object.entries(report)) graph.output(name, value);
  return graph;
}
