// How well an autoencoder gives pictures back, measured on scenes that training never shows.

import { floats } from "../../core/tensor.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime } from "../../engine/runtime/session.js";
import { decodeTiny, encodeTiny } from "../../models/vae/index.js";
import { ConstantWeights } from "../../nn/constant-weights.js";
import { toByte, toSignedUnit } from "../data/latents.js";
import { streamOf } from "../data/streams.js";
import { loadDrawings, renderScene, sampleScene } from "../scenes/index.js";
import type { Autoencoder } from "./folder.js";

/** Keeps the streams of held-out scenes apart from those of training. */
export const HELD_OUT = 7919;
const BATCH = 20;
const PEAK = 255;

/** What was measured. */
export interface AutoencoderScore {
  /** Mean over pictures of the peak signal-to-noise ratio of their bytes, dB. */
  readonly psnr: number;
  /** That of the mean squared difference over all pictures, dB. */
  readonly psnrOfMean: number;
  /** Of all latents. */
  readonly latentMean: number;
  readonly latentDeviation: number;
  /** What came back, RGB bytes, in the order of the pictures. */
  readonly decoded: readonly Uint8Array[];
}

/** Scenes of combinations that training leaves out, rendered: RGB bytes, size x size x 3 each. */
export async function heldOutPictures(
  size: number,
  count: number,
  seed: number,
): Promise<Uint8Array[]> {
  const drawings = await loadDrawings();
  return Array.from({ length: count }, (_, i) => {
    const { scene } = sampleScene(streamOf(seed, HELD_OUT, i), { split: "heldout" });
    return renderScene(scene, size, drawings);
  });
}

function squaredError(a: Uint8Array, b: Uint8Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i]! - b[i]!) ** 2;
  return total / a.length;
}

/** Peak signal-to-noise ratio in dB of a mean squared difference of bytes; infinite for 0. */
function decibel(error: number): number {
  return 10 * Math.log10(PEAK ** 2 / error);
}

/** Mean and deviation of numbers that come in pieces. */
class Moments {
  private count = 0;
  private sum = 0;
  private squares = 0;

  add(values: Float32Array): void {
    this.count += values.length;
    for (const value of values) {
      this.sum += value;
      this.squares += value * value;
    }
  }

  get mean(): number {
    return this.sum / this.count;
  }

  get deviation(): number {
    return Math.sqrt(this.squares / this.count - this.mean ** 2);
  }
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function roundTrip({ config, weights }: Autoencoder, rows: number, size: number): Graph {
  const graph = new Graph();
  const constants = new ConstantWeights(graph, weights);
  const pictures = graph.input("pictures", "float32", [rows, size, size, 3]);
  const latents = encodeTiny(constants, config, pictures);
  graph.output("latents", latents);
  graph.output("decoded", decodeTiny(constants, config, latents));
  return graph;
}

/** Sends pictures, size x size x 3 bytes each, at least one, through an autoencoder and back. */
export async function evaluateAutoencoder(
  autoencoder: Autoencoder,
  pictures: readonly Uint8Array[],
  size: number,
  runtime: Runtime,
): Promise<AutoencoderScore> {
  const rows = Math.min(BATCH, pictures.length);
  const bytes = size * size * 3;
  const moments = new Moments();
  const decoded: Uint8Array[] = [];
  const session = await runtime.compile(roundTrip(autoencoder, rows, size));
  try {
    for (let start = 0; start < pictures.length; start += rows) {
      const here = pictures.slice(start, start + rows);
      const values = new Float32Array(rows * bytes);
      here.forEach((picture, i) => toSignedUnit(picture, values, i * bytes));
      const made = await session.run({ pictures: floats([rows, size, size, 3], values) });
      const latents = made["latents"]!.data as Float32Array;
      moments.add(latents.subarray(0, (latents.length / rows) * here.length));
      const back = Uint8Array.from(made["decoded"]!.data as Float32Array, toByte);
      here.forEach((_, i) => decoded.push(back.slice(i * bytes, (i + 1) * bytes)));
    }
  } finally {
    await session.release();
  }
  const errors = pictures.map((picture, i) => squaredError(picture, decoded[i]!));
  return {
    psnr: average(errors.map(decibel)),
    psnrOfMean: decibel(average(errors)),
    latentMean: moments.mean,
    latentDeviation: moments.deviation,
    decoded,
  };
}
