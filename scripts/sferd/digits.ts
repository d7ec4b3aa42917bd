// A judge of digits: a small classifier whose features a Fréchet distance is taken on, as Inception's are, but which reads
// the strokes alone: levels below 24 of 255 are 0 to it, so that a background that is not quite black tells it nothing.

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Generator } from "../../src/core/generator.js";
import { floats, tensor } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { add, cast, mean, mul, relu, reshape } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import type { Value } from "../../src/engine/graph.js";
import type { Runtime } from "../../src/engine/runtime/session.js";
import { lookAhead, openDataset } from "../../src/io/dataset/index.js";
import type { PictureDataset } from "../../src/io/dataset/index.js";
import { openSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import type { Extractor } from "../../src/metrics/inception/extractor.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { conv } from "../../src/nn/conv.js";
import { initialise } from "../../src/nn/init.js";
import { InputWeights } from "../../src/nn/input-weights.js";
import { linear } from "../../src/nn/linear.js";
import { groupNorm } from "../../src/nn/norm.js";
import { Packing } from "../../src/nn/packed-weights.js";
import type { Weights } from "../../src/nn/weights.js";
import { weightsDigest } from "../../src/training/digest.js";
import { ShuffledOrder } from "../../src/training/data/streams.js";
import { fit } from "../../src/training/fit.js";
import { crossEntropy } from "../../src/training/losses.js";
import { warmupCosine } from "../../src/training/schedule.js";

const SIZE = 32;
const CLASSES = 10;
const FEATURES = 64;
/** Levels below are background. */
const FLOOR = 24;
const WIDTHS = [16, 32, 64];
const TRAINING = { batch: 128, steps: 1400, peak: 2e-3, seed: 1 }; // three epochs
const WEIGHTS_FILE = "digits.safetensors";

/** Features [N, 64] and logits [N, 10] of grey levels [N, 32, 32, 1] from 0 to 255. */
function digitsNetwork(w: Weights, levels: Value): { features: Value; logits: Value } {
  let h = mul(relu(add(levels, -FLOOR)), 1 / (255 - FLOOR));
  WIDTHS.forEach((channels, i) => {
    h = block(w, `down.${i}`, h, channels, 2);
    h = block(w, `same.${i}`, h, channels, 1);
  });
  const [n, height, width, channels] = h.shape as [number, number, number, number];
  const pooled = mean(reshape(h, [n, height * width, channels]), { axes: [1] });
  const features = relu(linear(w, "features", pooled, FEATURES));
  return { features, logits: linear(w, "classes", features, CLASSES) };
}

function block(w: Weights, name: string, x: Value, channels: number, stride: number): Value {
  const h = conv(w, `${name}.conv`, x, channels, { stride, bias: false });
  return relu(groupNorm(w, `${name}.norm`, h, { groups: 4 }));
}

/** Trains the judge on the training set of `data`, or goes on; its weights lie in `folder` then. */
async function trainDigits(data: PictureDataset, folder: string, runtime: Runtime): Promise<void> {
  const { batch, steps, peak, seed } = TRAINING;
  const declared = new InputWeights(new Graph());
  digitsNetwork(declared, declared.graph.input("levels", "float32", [1, SIZE, SIZE, 1]));
  const packing = new Packing(declared.specs);
  const order = new ShuffledOrder(data.count, batch, seed);
  const read = lookAhead(data, (k) => order.at(k), 2);
  const { trainer } = await fit(
    {
      ...{ packing, steps, batchSize: batch, digest: JSON.stringify(TRAINING), emaDecay: 0.99 },
      batchOf: async (k) => {
        const { pixels, labels } = await read(k);
        const target = new Float32Array(batch * CLASSES);
        labels!.forEach((label, i) => (target[i * CLASSES + label] = 1));
        const levels = floats([batch, SIZE, SIZE, 1], Float32Array.from(pixels));
        return { levels, target: floats([batch, CLASSES], target) };
      },
      loss: (weights, graph) => {
        const levels = graph.input("levels", "float32", [batch, SIZE, SIZE, 1]);
        const target = graph.input("target", "float32", [batch, CLASSES]);
        return { loss: crossEntropy(digitsNetwork(weights, levels).logits, target) };
      },
      optimiser: { weightDecay: 0.01 },
      learningRate: warmupCosine({ peak, warmup: 100, steps, floor: 1e-5 }),
      start: () => initialise(packing.specs, new Generator(BigInt(seed))),
    },
    { runtime, folder },
  );
  await writeSafetensors(join(folder, WEIGHTS_FILE), packing.unpack(trainer.state.average.data));
}

/** Opens a set of digits as the judge sees them. */
export const openDigits = (path: string, split: "train" | "test"): Promise<PictureDataset> =>
  openDataset(path, { size: SIZE, channels: 1, split });

/** A judge at work, and which one it is. */
export interface DigitsJudge extends Extractor {
  /** SHA-256 of its weights, in hex. */
  readonly digest: string;
}

/** The judge, ready; trained first where `folder` has none. */
export async function openJudge(
  path: string,
  folder: string,
  runtime: Runtime,
): Promise<DigitsJudge> {
  const file = join(folder, WEIGHTS_FILE);
  if (!existsSync(file)) {
    await mkdir(folder, { recursive: true });
    const data = await openDigits(path, "train");
    await trainDigits(data, folder, runtime).finally(() => data.close());
  }
  const weights = await (await openSafetensors(file)).readAllFloat32();
  return { ...(await extractorOf(weights, runtime)), digest: weightsDigest(weights) };
}

async function extractorOf(
  tensors: ReadonlyMap<string, HostTensor>,
  runtime: Runtime,
): Promise<Extractor> {
  const batch = 100;
  const graph = new Graph();
  const shape = [batch, SIZE, SIZE, 1];
  const levels = cast(graph.input("levels", "uint8", shape), "float32");
  const values = digitsNetwork(new ConstantWeights(graph, tensors), levels);
  for (const [name, value] of Object.entries(values)) graph.output(name, value);
  const session = await runtime.compile(graph);
  return {
    ...{ batch, dimension: FEATURES, classes: CLASSES },
    extract: async (pixels) => {
      const feed = new Uint8Array(batch * SIZE * SIZE);
      feed.set(pixels);
      const made = await session.run({ levels: tensor("uint8", shape, feed) });
      const rows = (name: string, width: number): Float32Array =>
        (made[name]!.data as Float32Array).slice(0, (pixels.length / SIZE / SIZE) * width);
      return { features: rows("features", FEATURES), logits: rows("logits", CLASSES) };
    },
    release: async () => void (await session.release()),
  };
}
