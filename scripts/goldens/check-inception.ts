// Compares the features of a weights file with stored spatial means: npx tsx scripts/goldens/check-inception.ts WEIGHTS GOLDEN.json

import { floats } from "../../src/core/tensor.js";
import { mean } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { readJsonObject } from "../../src/io/json.js";
import { inceptionNetwork } from "../../src/metrics/inception/network.js";
import { readInceptionWeights } from "../../src/metrics/inception/weights.js";

const SIDE = 299;
/** Our blocks and the golden's names of them. */
const NAMES = {
  pool2: "pool2_192",
  mixed_2: "mixed_2_288",
  mixed_7: "mixed_7_768",
  mixed_8: "mixed_8_1280",
  mixed_10: "mixed_10_2048",
  logits: "logits_1008",
};

const [weightsPath = "", goldenPath = ""] = process.argv.slice(2);
const { tensors, complete, digest } = await readInceptionWeights(weightsPath);
const golden = (await readJsonObject(goldenPath))["spatial_mean"] as Record<string, number[]>;

const graph = new Graph();
const x = graph.input("x", "float32", [1, SIDE, SIDE, 3]);
const { blocks, logits } = inceptionNetwork(tensors, x, complete ? "full" : "mixed_8");
for (const [name, value] of Object.entries(blocks)) {
  graph.output(name, mean(value, { axes: [1, 2] }));
}
if (logits) graph.output("logits", logits);

const input = Float32Array.from({ length: SIDE * SIDE * 3 }, (_, i) => {
  const [h, w, c] = [Math.floor(i / 3 / SIDE), Math.floor(i / 3) % SIDE, i % 3];
  return Math.sin(0.05 * (h + 1) * (c + 1)) * Math.cos(0.03 * (w + 1));
});
const session = await nodeRuntime().compile(graph, { threads: 1 });
const made = await session.run({ x: floats(x.shape, input) });
console.log(`weights ${digest.slice(0, 12)}, ${complete ? "complete" : "through mixed_8"}`);
for (const [name, stored] of Object.entries(NAMES)) {
  if (!made[name]) continue;
  const values = made[name].data as Float32Array;
  const worst = golden[stored]!.reduce((most, value, i) => {
    return Math.max(most, Math.abs(value - values[i]!));
  }, 0);
  console.log(`${stored}: largest difference ${worst.toExponential(2)} of ${values.length} values`);
}
