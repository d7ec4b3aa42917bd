// A whole training step as one graph: forward, backward, clipping, optimiser and EMA in one call.

import { sub } from "../engine/functions.js";
import { Graph } from "../engine/graph.js";
import type { Value } from "../engine/graph.js";
import { PackedWeights } from "../nn/packed-weights.js";
import type { Packing } from "../nn/packed-weights.js";
import type { Weights } from "../nn/weights.js";
import { emaStep } from "./ema.js";
import { changesOf } from "./changes.js";
import { clipFactor, decayMatrices, nextMoments, norm } from "./optimiser.js";
import type { OptimiserOptions, StepRates } from "./optimiser.js";
import { pieceName, piecesOf } from "./pieces.js";

/** The vectors that a step reads and writes, each [packing.size]. */
export const STATE_NAMES = ["parameters", "firstMoment", "secondMoment", "average"] as const;
export type StateName = (typeof STATE_NAMES)[number];

/** Builds a scalar loss, and further scalars to report, from weights and inputs that it declares. */
export type LossBuilder = (
  weights: Weights,
  graph: Graph,
) => { readonly loss: Value; readonly report?: Readonly<Record<string, Value>> };

/** Name of the outputs that hold the next value of a state vector, before the number of the piece. */
export function nextName(name: StateName): string {
  return `next.${name}`;
}

/**
 * The graph of one step. Inputs: the whole vector `parameters`, which the layers read, the four state
 * vectors in pieces (`parameters.0`, ...), the scalars `learningRate`, `correction1`, `correction2` and
 * `emaDecay`, and what `build` declares. Outputs: `next.*` in pieces, `loss`, `gradientNorm` and the
 * reported scalars.
 */
export function trainingStep(
  packing: Packing,
  build: LossBuilder,
  options: OptimiserOptions = {},
): Graph {
  const graph = new Graph();
  const vector = graph.input("parameters", "float32", [packing.size]);
  const weights = new PackedWeights(vector, packing);
  const { loss, report = {} } = build(weights, graph);
  const pieces = piecesOf(packing.size);
  const gradients = weights.gradientPieces(loss, pieces);
  const gradientNorm = norm(gradients);
  const clip = clipFactor(gradientNorm, options);
  const rates = declareRates(graph);
  const states = pieces.map(({ start, end }, i) => declarePiece(graph, i, end - start));
  const moments = states.map((state, i) => nextMoments(state, gradients[i]!, clip, options));
  const changes = changesOf({ packing, gradients, clip, moments, rates }, options);
  pieces.forEach(({ start }, i) => {
    const { parameters: now, average: before } = states[i]!;
    const kept = decayMatrices(now, rates, packing.decayed - start, options);
    const parameters = sub(kept, changes[i]!);
    const average = emaStep(before, parameters, rates.emaDecay);
    for (const [name, value] of Object.entries({ ...moments[i]!, parameters, average })) {
      graph.output(pieceName(nextName(name as StateName), i), value);
    }
  });
  graph.output("loss", loss);
  graph.output("gradientNorm", gradientNorm);
  for (const [name, value] of Object.entries(report)) graph.output(name, value);
  return graph;
}

function declareRates(graph: Graph): StepRates & { readonly emaDecay: Value } {
  const scalar = (name: string): Value => graph.input(name, "float32", []);
  return {
    learningRate: scalar("learningRate"),
    correction1: scalar("correction1"),
    correction2: scalar("correction2"),
    emaDecay: scalar("emaDecay"),
  };
}

/** Piece `index` of the state vectors as inputs. */
function declarePiece(graph: Graph, index: number, length: number): Record<StateName, Value> {
  const entries = STATE_NAMES.map((name) => [
    name,
    graph.input(pieceName(name, index), "float32", [length]),
  ]);
  return Object.fromEntries(entries) as Record<StateName, Value>;
}
