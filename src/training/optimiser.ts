// AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) and global-norm clipping, as graph values.

import {
  add,
  concat,
  div,
  maximum,
  minimum,
  mul,
  reshape,
  slice,
  sqrt,
  sub,
  sum,
} from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import type { WeightSpec } from "../nn/weights.js";

/** Decay of the first moment where none is given. */
export const BETA1 = 0.9;
/** Decay of the second moment where none is given. */
export const BETA2 = 0.999;

export interface AdamWOptions {
  /** Decay of the first moment; 0.9 when absent. */
  readonly beta1?: number;
  /** Decay of the second moment; 0.999 when absent. */
  readonly beta2?: number;
  /** Added to the root of the second moment; 1e-8 when absent. */
  readonly epsilon?: number;
  /** Decoupled decay of matrices, per unit of learning rate; 0.01 when absent. */
  readonly weightDecay?: number;
  /** Largest global norm of the gradient; 1 when absent. */
  readonly clipNorm?: number;
}

export interface OptimiserOptions extends AdamWOptions {
  /** How much of the learning rate a weight has, their decay aside; all of it when absent. */
  readonly rateOf?: ((spec: WeightSpec) => number) | undefined;
  /** What moves the matrices inside the network: AdamW when absent, or Muon with beta1 as its momentum. */
  readonly matrices?: "adamw" | "muon";
}

/** The optimiser that configurations call `name`. Muon's momentum is its author's. */
export function optimiserNamed(name: "adamw" | "muon", options: AdamWOptions): OptimiserOptions {
  return name === "muon" ? { ...options, matrices: "muon", beta1: 0.95 } : options;
}

/** One vector each, all of one length. */
export interface Moments {
  readonly firstMoment: Value;
  readonly secondMoment: Value;
}

/** Scalars that change from step to step. */
export interface StepRates {
  readonly learningRate: Value;
  /** 1 - beta1^k and 1 - beta2^k at step k, counted from 1. */
  readonly correction1: Value;
  readonly correction2: Value;
}

/** The root of the sum of squares of all elements of some vectors. */
export function norm(vectors: readonly Value[]): Value {
  const squares = vectors.map((x) => reshape(sum(mul(x, x)), [1]));
  return sqrt(sum(concat(squares, 0)));
}

/** The factor that brings a gradient's norm to `clipNorm` at most. */
export function clipFactor(gradientNorm: Value, { clipNorm = 1 }: AdamWOptions): Value {
  return minimum(div(clipNorm, add(gradientNorm, 1e-6)), 1);
}

// Keeps the learning rate a divisor at steps that learn nothing.
const LEAST_RATE = 1e-30;

/** m ← β1 m + (1 - β1) g and v ← β2 v + (1 - β2) g². The gradient counts `clip` times. */
export function nextMoments(
  state: Moments,
  gradient: Value,
  clip: Value,
  { beta1 = BETA1, beta2 = BETA2 }: AdamWOptions,
): Moments {
  const squares = mul(mul(gradient, gradient), mul(mul(clip, clip), 1 - beta2));
  return {
    firstMoment: add(mul(state.firstMoment, beta1), mul(gradient, mul(clip, 1 - beta1))),
    secondMoment: add(mul(state.secondMoment, beta2), squares),
  };
}

/**
 * What AdamW subtracts besides the decay: η m̂ / (√v̂ + ε) = m / ((√v / √c2 + ε) c1 / η). All that is a scalar is
 * worked out first, so that the vectors are passed over as few times as can be.
 */
export function adamWChange(
  { firstMoment, secondMoment }: Moments,
  { learningRate, correction1, correction2 }: StepRates,
  { epsilon = 1e-8 }: AdamWOptions,
): Value {
  const inverseRate = div(correction1, maximum(learningRate, LEAST_RATE));
  const root = mul(sqrt(secondMoment), div(inverseRate, sqrt(correction2)));
  return div(firstMoment, add(root, mul(inverseRate, epsilon)));
}

/** Parameters whose first `decayed` elements are matrices, these times 1 - η λ, and the rest. */
export function decayMatrices(
  parameters: Value,
  { learningRate }: StepRates,
  decayed: number,
  { weightDecay = 0.01 }: AdamWOptions,
): Value {
  const kept = sub(1, mul(learningRate, weightDecay));
  const size = parameters.shape[0]!;
  if (decayed <= 0) return parameters;
  if (decayed >= size) return mul(parameters, kept);
  const matrices = mul(slice(parameters, 0, 0, decayed), kept);
  return concat([matrices, slice(parameters, 0, decayed, size)], 0);
}

/** 1 - beta^k: what the moments' average still lacks at step `k`, counted from 1. */
export function biasCorrection(beta: number, k: number): number {
  return 1 - Math.pow(beta, k);
}
