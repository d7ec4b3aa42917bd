// AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) with global-norm clipping, as graph values.

import { add, concat, div, min, mul, slice, sqrt, sub, sum } from "../engine/functions.js";
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

/** One vector each, all of the length of the packed parameters. */
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

/** The root of the sum of squares of a vector. */
export function norm(x: Value): Value {
  return sqrt(sum(mul(x, x)));
}

/**
 * One AdamW step on packed vectors whose first `decayed` elements are matrices.
 * The gradient is scaled to `clipNorm` at most; its norm before that comes back too.
 */
export function adamW(
  state: OptimiserState,
  gradient: Value,
  rates: StepRates,
  decayed: number,
  options: AdamWOptions = {},
): OptimiserState & { readonly gradientNorm: Value } {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, clipNorm = 1 } = options;
  const gradientNorm = norm(gradient);
  const g = mul(gradient, min(div(clipNorm, add(gradientNorm, 1e-6)), 1));
  const firstMoment = add(mul(state.firstMoment, beta1), mul(g, 1 - beta1));
  const secondMoment = add(mul(state.secondMoment, beta2), mul(mul(g, g), 1 - beta2));
  // θ ← θ - η λ θ - η m̂ / (√v̂ + ε), with the corrections as factors of the scalars.
  const rate = div(rates.learningRate, rates.correction1);
  const root = add(mul(sqrt(secondMoment), sqrt(div(1, rates.correction2))), epsilon);
  const size = state.parameters.shape[0]!;
  const kept = sub(1, mul(rates.learningRate, weightDecay));
  const shrunk = concat(
    [mul(slice(state.parameters, 0, 0, decayed), kept), slice(state.parameters, 0, decayed, size)],
    0,
  );
  const parameters = sub(shrunk, mul(div(firstMoment, root), rate));
  return { parameters, firstMoment, secondMoment, gradientNorm };
}

/** 1 - beta^k: what the moments' average still lacks at step `k`, counted from 1. */
export function biasCorrection(beta: number, k: number): number {
  return 1 - Math.pow(beta, k);
}
