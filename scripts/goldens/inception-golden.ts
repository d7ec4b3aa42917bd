// Inception-v3 from a file of weights against stored spatial means of its blocks, for one formula-made input.

import { z } from "zod";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { mean } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { readJsonAs } from "../../src/io/json.js";
import { inceptionNetwork } from "../../src/metrics/inception/network.js";
import { readInceptionWeights } from "../../src/metrics/inception/weights.js";
import type { InceptionWeights } from "../../src/metrics/inception/weights.js";

/** The largest difference that is allowed in any value. */
export const TOLERANCE = 1e-4;

const SIDE = 299;
/** Our blocks and the golden's names of them. */
const NAMES = {
  pool2: "pool2_192",
  mixed_2: "mixed_2_288",
  mixed_7: "mixed_7_768",
  mixed_8: "mixed_8_1280",
  mixed_10: "mixed_10_2048",
  logits: "logits_1008",
} as const;

const goldenSchema = z.object({ spatial_mean: z.record(z.string(), z.array(z.number())) });

/** Values by the golden's names. */
export type Means = Readonly<Record<string, ArrayLike<number>>>;

/** How far one of the network's maps is from the golden's. */
export interface Difference {
  readonly name: string;
  readonly values: number;
  /** NaN where the numbers of values differ. */
  readonly largest: number;
  readonly isClose: boolean;
}

/** The network's means and how they differ from those of a golden file. */
export async function compareWithGolden(
  weightsPath: string,
  goldenPath: string,
): Promise<{ readonly weights: InceptionWeights; readonly differences: readonly Difference[] }> {
  const golden = await readJsonAs(goldenPath, goldenSchema);
  const weights = await readInceptionWeights(weightsPath);
  const differences = differencesOf(await meansOf(weights), golden.spatial_mean);
  if (differences.length > 0) return { weights, differences };
  const got = Object.keys(golden.spatial_mean).join(", ") || "none";
  throw new Error(
    `inception: ${goldenPath}: expected some of ${Object.values(NAMES).join(", ")}, got ${got}.`,
  );
}

/** Of the maps that both have: partial weights end before the last, and not every golden has them all. */
export function differencesOf(made: Means, golden: Means): Difference[] {
  return Object.keys(made)
    .filter((name) => golden[name] !== undefined)
    .map((name) => {
      const largest = largestDifference(made[name]!, golden[name]!);
      // NaN is close to nothing.
      return { name, values: made[name]!.length, largest, isClose: largest <= TOLERANCE };
    });
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length || a.length === 0) return NaN;
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

async function meansOf({ tensors, complete }: InceptionWeights): Promise<Means> {
  const graph = new Graph();
  const x = graph.input("x", "float32", [1, SIDE, SIDE, 3]);
  const { blocks, logits } = inceptionNetwork(tensors, x, complete ? "full" : "mixed_8");
  for (const [name, value] of Object.entries(blocks)) {
    graph.output(name, mean(value, { axes: [1, 2] }));
  }
  if (logits) graph.output("logits", logits);
  const session = await nodeRuntime().compile(graph, { threads: 1 });
  const made = await session.run({ x: formulaInput() });
  await session.release();
  const known = Object.entries(NAMES).filter(([block]) => made[block] !== undefined);
  return Object.fromEntries(
    known.map(([block, name]) => [name, made[block]!.data as Float32Array]),
  );
}

/** The golden's own formula, values from -1 to 1. */
function formulaInput(): HostTensor<"float32"> {
  const values = Float32Array.from({ length: SIDE * SIDE * 3 }, (_, i) => {
    const [h, w, c] = [Math.floor(i / 3 / SIDE), Math.floor(i / 3) % SIDE, i % 3];
    return Math.sin(0.05 * (h + 1) * (c + 1)) * Math.cos(0.03 * (w + 1));
  });
  return floats([1, SIDE, SIDE, 3], values);
}
