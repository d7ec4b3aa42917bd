// Starting values of weights, from an injected source of randomness. The rules are PyTorch's defaults.

import { sizeOf } from "../core/shape.js";
import type { Shape } from "../core/shape.js";
import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import type { Initialisation, WeightSpec } from "./weights.js";

/** A stream of random numbers: standard normals, and uniforms from [0, 1). */
export interface RandomSource {
  randn(shape: Shape): HostTensor<"float32">;
  random(): number;
}

export const ZEROS: Initialisation = { kind: "constant", value: 0 };
export const ONES: Initialisation = { kind: "constant", value: 1 };

/** Uniform within 1 / √fanIn: PyTorch's rule for the weights and biases of linear and convolution. */
export function fanIn(inputs: number): Initialisation {
  return { kind: "uniform", bound: 1 / Math.sqrt(inputs) };
}

/** Normal with mean 0. */
export function normal(deviation: number): Initialisation {
  return { kind: "normal", deviation };
}

function initialValues(init: Initialisation, shape: Shape, source: RandomSource): Float32Array {
  switch (init.kind) {
    case "constant":
      return new Float32Array(sizeOf(shape)).fill(init.value);
    case "normal":
      return source.randn(shape).data.map((value) => value * init.deviation);
    case "uniform":
      return new Float32Array(sizeOf(shape)).map(() => (2 * source.random() - 1) * init.bound);
  }
}

/** Starting values of weights by name, in the checkpoint's layout. They depend on the specs' order. */
export function initialise(
  specs: readonly WeightSpec[],
  source: RandomSource,
): Map<string, HostTensor<"float32">> {
  return new Map(
    specs.map(({ name, shape, init }) => [name, floats(shape, initialValues(init, shape, source))]),
  );
}
