// Inputs of the operator cases by a formula that scripts/goldens/formula.py computes too, so none are stored.

import { floats, integers } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { sizeOf } from "../../src/core/shape.js";
import type { Shape } from "../../src/core/shape.js";

export interface InputSpec {
  readonly shape: Shape;
  /**
   * `any`: multiples of 2^-14 in [-2, 2), none of them 0; `positive`: in [0.5, 2.5);
   * `ties`: multiples of a half in [-1, 1]; or whole numbers below a bound.
   */
  readonly kind: "any" | "positive" | "ties" | { readonly below: number };
}

export type InputLike = Shape | InputSpec;

export const positive = (...shape: number[]): InputSpec => ({ shape, kind: "positive" });
export const ties = (...shape: number[]): InputSpec => ({ shape, kind: "ties" });
export const indices = (below: number, ...shape: number[]): InputSpec => ({
  shape,
  kind: { below },
});

export const specOf = (input: InputLike): InputSpec =>
  "kind" in input ? input : { shape: input, kind: "any" };

/** 16 well-mixed bits from an element's position and its input's seed. */
export function bits(seed: number, position: number): number {
  let x = (Math.imul(position + 1, 0x9e3779b1) + Math.imul(seed, 0x85ebca6b)) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) >>> 0;
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39) >>> 0;
  return (x ^ (x >>> 15)) >>> 16;
}

function element(kind: InputSpec["kind"], random: number): number {
  if (kind === "positive") return random / 2 ** 15 + 0.5;
  if (kind === "ties") return ((random % 5) - 2) / 2;
  const value = random / 2 ** 14 - 2;
  return value === 0 ? 0.25 : value;
}

/** The tensor of an input; `seed` is its place in the case, from 1. */
export function fill({ shape, kind }: InputSpec, seed: number): HostTensor {
  const random = Array.from({ length: sizeOf(shape) }, (_, i) => bits(seed, i));
  if (typeof kind === "object")
    return integers(
      shape,
      random.map((x) => x % kind.below),
    );
  return floats(
    shape,
    random.map((x) => element(kind, x)),
  );
}

/** The seed of the fixed factors that make a scalar of a case's result. */
export const COTANGENT_SEED = 99;
