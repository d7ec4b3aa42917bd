// What a step subtracts from the parameters besides their decay: AdamW's change, and Muon's where it is asked for.

import { sizeOf } from "../core/shape.js";
import { floats } from "../core/tensor.js";
import { mul } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { assemble } from "../nn/packed-weights.js";
import type { Packing } from "../nn/packed-weights.js";
import type { WeightSpec } from "../nn/weights.js";
import { muonChange, takenByMuon } from "./muon.js";
import { BETA1, adamWChange } from "./optimiser.js";
import type { Moments, OptimiserOptions, StepRates } from "./optimiser.js";
import { piecesOf } from "./pieces.js";

/** A step's vectors in pieces, and its scalars. */
export interface StepVectors {
  readonly packing: Packing;
  readonly gradients: readonly Value[];
  readonly clip: Value;
  /** The moments, this step's gradient included. */
  readonly moments: readonly Moments[];
  readonly rates: StepRates;
}

/** The changes in the same pieces. */
export function changesOf(vectors: StepVectors, options: OptimiserOptions): Value[] {
  const own = vectors.moments.map((moments) => adamWChange(moments, vectors.rates, options));
  const changes = options.matrices === "muon" ? withMuon(own, vectors, options) : own;
  const { rateOf } = options;
  return rateOf ? withRates(changes, vectors.packing, rateOf) : changes;
}

/** The changes times the share of the learning rate that each weight has. */
function withRates(
  changes: readonly Value[],
  packing: Packing,
  rateOf: (spec: WeightSpec) => number,
): Value[] {
  const shares = new Float32Array(packing.size);
  for (const spec of packing.specs) {
    const start = packing.offsetOf(spec.name);
    shares.fill(rateOf(spec), start, start + sizeOf(spec.shape));
  }
  return piecesOf(packing.size).map(({ start, end }, i) => {
    const change = changes[i]!;
    return mul(change, change.graph.constant(floats([end - start], shares.slice(start, end))));
  });
}

/** A part of the vector: one matrix of Muon's, or all between two of them. */
interface Region {
  readonly start: number;
  readonly end: number;
  readonly spec?: WeightSpec;
}

function regionsOf(packing: Packing): Region[] {
  const regions: Region[] = [];
  let done = 0;
  for (const spec of packing.specs.filter(takenByMuon)) {
    const start = packing.offsetOf(spec.name);
    if (start > done) regions.push({ start: done, end: start });
    done = start + sizeOf(spec.shape);
    regions.push({ start, end: done, spec });
  }
  return done < packing.size ? [...regions, { start: done, end: packing.size }] : regions;
}

function withMuon(own: readonly Value[], vectors: StepVectors, options: OptimiserOptions): Value[] {
  const { packing, gradients, clip, moments, rates } = vectors;
  const firstMoments = moments.map(({ firstMoment }) => firstMoment);
  const changes = regionsOf(packing).map(({ start, end, spec }) => {
    if (!spec) return assemble(own, start, end);
    const gradient = mul(assemble(gradients, start, end), clip);
    const momentum = assemble(firstMoments, start, end);
    const beta = options.beta1 ?? BETA1;
    return mul(muonChange(spec, gradient, momentum, beta), rates.learningRate);
  });
  return piecesOf(packing.size).map(({ start, end }) => assemble(changes, start, end));
}
