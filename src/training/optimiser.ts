// AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) with global-norm clipping, as graph values.

import {
  add,
  concat,
  div,
  max,
  min,
  mul,
  reshape,
  slice,
  sqrt,
  sub,
  sum,
} from "../engine/functions.js";
import type { Value } from "../engine/graph.js";

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

/** One vector each, all of one length. */
export interface OptimiserState {
  readonly parameters: Value;
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
  return min(div(clipNorm, add(gradientNorm, 1e-6)), 1);
}

// Keeps the learning rate a divisor at steps that learn nothing.
const LEAST_RATE = 1e-30;

/**
 * One AdamW step on vectors whose first `decayed` elements are matrices. The gradient counts `clip` times.
 *
 * m ← β1 m + (1 - β1) g;  v ← β2 v + (1 - β2) g²;  θ ← θ - η λ θ - η m̂ / (√v̂ + ε). All that is a scalar is
 * worked out first, so that the vectors are passed over as few times as can be.
 */
export function adamW(
  state: OptimiserState,
  gradient: Value,
  clip: Value,
  rates: StepRates,
  decayed: number,
  options: AdamWOptions = {},
): OptimiserState {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options;
  const { learningRate, correction1, correction2 } = rates;
  const firstMoment = add(mul(state.firstMoment, beta1), mul(gradient, mul(clip, 1 - beta1)));
  const squares = mul(mul(gradient, gradient), mul(mul(clip, clip), 1 - beta2));
  const secondMoment = add(mul(state.secondMoment, beta2), squares);
  // η m̂ / (√v̂ + ε) = m / ((√v / √c2 + ε) c1 / η)
  const inverseRate = div(correction1, max(learningRate, LEAST_RATE));
  const root = mul(sqrt(secondMoment), div(inverseRate, sqrt(correction2)));
  const change = div(firstMoment, add(root, mul(inverseRate, epsilon)));
  const kept = sub(1, mul(learningRate, weightDecay));
  const parameters = sub(decay(state.parameters, kept, decayed), change);
  return { parameters, firstMoment, secondMoment };
}

/** The first `decayed` elements of a vector times `kept`, and the rest. */
function decay(parameters: Value, kept: Value, decayed: number): Value {
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
