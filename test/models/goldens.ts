// The goldens of scripts/goldens/models.py: cases, tensors, and the made-up weights that both sides draw.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Generator } from "../../src/core/generator.js";
import { sizeOf } from "../../src/core/shape.js";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { openSafetensors } from "../../src/io/safetensors.js";
import type { Graph } from "../../src/engine/graph.js";
import type { Tensors } from "../../src/engine/runtime/session.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { WeightSpec } from "../../src/nn/weights.js";

const SEED = 7n;
const { fround } = Math;

/** The path of a golden file. */
export function goldenPath(name: string): string {
  return fileURLToPath(new URL(`../golden/models/${name}`, import.meta.url));
}

export interface Case {
  readonly config: unknown;
  /** Of the names and shapes of all weights. */
  readonly digest: string;
  readonly ids?: readonly (readonly number[])[];
  /** Gradient of the mean square of the output along a direction, per weight. */
  readonly gradient?: Readonly<Record<string, number>>;
}

export type Cases = Readonly<Record<string, Case>>;

/** The cases of one kind of model. */
export function readCases(kind: string): Cases {
  return JSON.parse(readFileSync(goldenPath(`${kind}.json`), "utf8")) as Cases;
}

/** All tensors of one golden file by name. */
export async function readTensors(file: string): Promise<Map<string, HostTensor>> {
  const opened = await openSafetensors(goldenPath(`${file}.safetensors`));
  const names = [...opened.tensors.keys()];
  const read = names.map(async (name) => [name, await opened.read(name)] as const);
  return new Map(await Promise.all(read));
}

/** Names in the order of their code points, as Python sorts them. */
export function inOrder(specs: readonly WeightSpec[]): WeightSpec[] {
  return [...specs].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The digest of the names and shapes of weights. */
export function digestOf(specs: readonly WeightSpec[]): string {
  const lines = inOrder(specs).map(({ name, shape }) => `${name} ${shape.join("x")}`);
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

/** Uniform draws (2 u - 1) in float32, for each weight in order. */
export function drawDirections(specs: readonly WeightSpec[]): Map<string, HostTensor<"float32">> {
  const generator = new Generator(SEED);
  return new Map(
    inOrder(specs).map(({ name, shape }) => {
      const values = new Float32Array(sizeOf(shape)).map(() => fround(2 * generator.random() - 1));
      return [name, floats(shape, values)];
    }),
  );
}

/** The made-up weights of a model. */
export function makeWeights(specs: readonly WeightSpec[]): Map<string, HostTensor<"float32">> {
  return new Map(
    [...drawDirections(specs)].map(([name, { shape, data }]) => {
      const bound = fround(shape.length > 1 ? Math.sqrt(3 / sizeOf(shape.slice(1))) : 0.2);
      const shift = shape.length === 1 && name.endsWith("weight") ? 1 : 0;
      return [
        name,
        floats(
          shape,
          data.map((value) => fround(value * bound) + shift),
        ),
      ];
    }),
  );
}

/** Compiles a graph for the CPU, runs it once and frees it. */
export async function runOnce(graph: Graph, feeds: Tensors): Promise<Record<string, HostTensor>> {
  const session = await nodeRuntime().compile(graph);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}
