// Values that stand for weights and data: their size matters here, their meaning does not.

import { closeSync, openSync, writeSync } from "node:fs";
import { sizeOf } from "../src/core/shape.js";
import type { Shape } from "../src/core/shape.js";
import { floats } from "../src/core/tensor.js";
import type { HostTensor } from "../src/core/tensor.js";
import type { Graph, Value } from "../src/engine/graph.js";
import { ConstantWeights } from "../src/nn/constant-weights.js";
import { ExternalWeights } from "../src/nn/external-weights.js";
import type { StoredWeight } from "../src/nn/external-weights.js";
import type { Weights, WeightSpec } from "../src/nn/weights.js";

/** Uniform values in [-bound, bound), the same for the same seed (a linear congruential generator). */
export function uniform(count: number, bound: number, seed = 1): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  let state = seed >>> 0;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state / 2 ** 31 - 1) * bound;
  }
  return values;
}

/** A tensor of uniform values. */
export function noise(shape: Shape, bound = 1, seed = 1): HostTensor<"float32"> {
  return floats(shape, uniform(sizeOf(shape), bound, seed));
}

// Weights that start at 0 would stop what flows through them; factors of normalisations stay at 1.
function weightOf({ shape, init }: WeightSpec, seed: number): HostTensor<"float32"> {
  if (init.kind === "constant" && init.value !== 0) {
    return floats(shape, new Float32Array(sizeOf(shape)).fill(init.value));
  }
  return noise(shape, init.kind === "uniform" ? init.bound : 0.02, seed);
}

/** Weights as constants of a graph. */
export function constantWeights(graph: Graph, specs: readonly WeightSpec[]): Weights {
  const tensors = specs.map((spec, i) => [spec.name, weightOf(spec, i + 1)] as const);
  return new ConstantWeights(graph, new Map(tensors));
}

const STEP_BYTES = 64; // between the places of two weights in the file

/** Writes a file that is large enough for the largest of some weights at its place. */
export function writeWeightFile(path: string, specs: readonly WeightSpec[]): void {
  const largest = specs.reduce((most, { shape }) => Math.max(most, sizeOf(shape)), 0);
  const values = uniform(largest + (STEP_BYTES / 4) * specs.length, 0.02);
  const file = openSync(path, "w");
  try {
    writeSync(file, new Uint8Array(values.buffer));
  } finally {
    closeSync(file);
  }
}

/**
 * Weights as external data that all point into one file, at overlapping places: what the provider makes of
 * them fills its memory as a checkpoint's would, and no gigabytes are written first.
 */
export function fileWeights(graph: Graph, path: string, specs: readonly WeightSpec[]): Weights {
  const stored = specs.map(({ name, shape }, i): [string, StoredWeight] => [
    name,
    { file: path, dtype: "F32", shape, offset: STEP_BYTES * i, byteLength: 4 * sizeOf(shape) },
  ]);
  return new ExternalWeights(graph, new Map(stored));
}

/** A value for each input of a graph: `ids` below `vocabulary`, everything else uniform. */
export function feedsFor(graph: Graph, vocabulary = 1): Record<string, HostTensor> {
  const valueOf = ({ dtype, shape }: Value): HostTensor => {
    const count = sizeOf(shape);
    if (dtype === "float32") return noise(shape);
    const ids = BigInt64Array.from({ length: count }, (_, i) => BigInt((i * 31) % vocabulary));
    return { dtype: "int64", shape, data: ids };
  };
  return Object.fromEntries([...graph.inputs].map(([name, input]) => [name, valueOf(input)]));
}
