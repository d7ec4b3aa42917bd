import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyAutoencoderDocument, writeTinyPool } from "../../../test/training/tiny.js";
import { Generator } from "../../core/generator.js";
import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { Graph } from "../../engine/graph.js";
import { nodeRuntime } from "../../engine/runtime/node.js";
import { openSafetensors } from "../../io/safetensors.js";
import { decodeTiny, encodeTiny } from "../../models/vae/index.js";
import { ConstantWeights } from "../../nn/constant-weights.js";
import { initialise } from "../../nn/init.js";
import { checkpointsIn, loadLatestCheckpoint } from "../checkpoint.js";
import { streamOf } from "../data/streams.js";
import { withThreads } from "../run/threads.js";
import {
  combinationsOf,
  isHeldOut,
  loadDrawings,
  renderScene,
  sampleScene,
} from "../scenes/index.js";
import { AutoencoderBatches } from "./batches.js";
import { autoencoderDigest, autoencoderSchema } from "./config.js";
import { evaluateAutoencoder, HELD_OUT, heldOutPictures } from "./evaluate.js";
import { exportAutoencoder } from "./export.js";
import { readAutoencoder } from "./folder.js";
import { autoencoderLoss } from "./loss.js";
import { autoencoderPacking, trainAutoencoder } from "./train.js";

const STEPS = 12;
const runtime = withThreads(nodeRuntime(), 1);
const config = autoencoderSchema.parse(tinyAutoencoderDocument(STEPS));

let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-autoencoder-"));
});

afterAll(() => rm(base, { recursive: true, force: true }));

describe("an autoencoder's configuration", () => {
  it("refuses squares that the autoencoder cannot halve, or larger than the pictures", () => {
    for (const crop of [6, 20]) {
      const result = autoencoderSchema.safeParse({ ...tinyAutoencoderDocument(1), crop });
      expect(result.error?.issues[0]?.message).toMatch(/multiples of 4, got/);
    }
  });
});

describe("the loss", () => {
  it("is squared and absolute difference and the penalty of the moments, as weighted", async () => {
    const weights = initialise(autoencoderPacking(config).specs, new Generator(4n));
    const graph = new Graph();
    const { loss, report } = autoencoderLoss(config, 2)(new ConstantWeights(graph, weights), graph);
    graph.output("loss", loss);
    graph.output("squared", report!["squared"]!);
    graph.output("moments", report!["moments"]!);
    const session = await runtime.compile(graph);
    const pictures = new Generator(5n).randn([2, 8, 8, 3]);
    const noise = floats([2, 2, 2, 4], new Float32Array(32));
    const made = await session.run({ pictures, noise });
    await session.release();
    const { latents, decoded } = await roundTrip(weights, pictures);
    const differences = [...decoded.data].map((value, i) => Number(value) - pictures.data[i]!);
    const squared = mean(differences.map((d) => d * d));
    const absolute = mean(differences.map(Math.abs));
    const channels = [0, 1, 2, 3].map((c) =>
      [...latents.data].map(Number).filter((_, i) => i % 4 === c),
    );
    const moments =
      mean(channels.map((values) => mean(values) ** 2)) +
      mean(channels.map((values) => (mean(values.map((v) => v * v)) - 1) ** 2));
    expect(Number(made["squared"]!.data[0])).toBeCloseTo(squared, 5);
    expect(Number(made["moments"]!.data[0])).toBeCloseTo(moments, 5);
    const expected = squared + 0.05 * absolute + 0.001 * moments;
    expect(Number(made["loss"]!.data[0])).toBeCloseTo(expected, 5);
  });
});

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;

/** Latents and what comes back, of the autoencoder's own graphs. */
async function roundTrip(weights: Map<string, HostTensor<"float32">>, pictures: HostTensor) {
  const graph = new Graph();
  const constants = new ConstantWeights(graph, weights);
  const input = graph.input("pictures", "float32", pictures.shape);
  const latents = encodeTiny(constants, config.autoencoder, input);
  graph.output("latents", latents);
  graph.output("decoded", decodeTiny(constants, config.autoencoder, latents));
  const session = await runtime.compile(graph);
  const made = await session.run({ pictures });
  await session.release();
  return { latents: made["latents"]!, decoded: made["decoded"]! };
}

describe("a batch", () => {
  /** A picture whose red is its index, green the row and blue the column. */
  const source = {
    picture: async (index: number) =>
      Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => {
        const pixel = Math.floor(i / 3);
        return [index, Math.floor(pixel / 16), pixel % 16][i % 3]!;
      }),
  };
  const batches = new AutoencoderBatches(source, config);

  it("cuts squares out of pictures, rows and columns in order", async () => {
    const { pictures } = await batches.at(1);
    expect(pictures!.shape).toEqual([4, 8, 8, 3]);
    const bytes = [...pictures!.data].map((value) => Math.round((Number(value) + 1) * 127.5));
    const corners = new Set<string>();
    for (let n = 0; n < 4; n++) {
      const at = (y: number, x: number) => {
        const start = ((n * 8 + y) * 8 + x) * 3;
        return bytes.slice(start, start + 3);
      };
      const [index, top, left] = at(0, 0) as [number, number, number];
      corners.add(`${top},${left}`);
      for (let y = 0; y < 8; y++) {
        for (let x = 0; x < 8; x++) expect(at(y, x)).toEqual([index, top + y, left + x]);
      }
    }
    expect(corners.size).toBeGreaterThan(1);
  });

  it("follows from seed and step alone", async () => {
    expect(await batches.at(3)).toEqual(await new AutoencoderBatches(source, config).at(3));
    expect(await batches.at(3)).not.toEqual(await batches.at(4));
  });
});

describe("held-out scenes", () => {
  it("hold combinations that training never shows", async () => {
    const pictures = await heldOutPictures(16, 3, 1);
    expect(pictures.map(({ length }) => length)).toEqual([768, 768, 768]);
    expect(new Set(pictures.map((picture) => picture.join())).size).toBe(3);
    const { scene } = sampleScene(streamOf(1, HELD_OUT, 0), { split: "heldout" });
    expect(combinationsOf(scene).some(isHeldOut)).toBe(true);
    expect(renderScene(scene, 16, await loadDrawings())).toEqual(pictures[0]);
  });
});

describe("the measure", () => {
  const weights = initialise(autoencoderPacking(config).specs, new Generator(4n));
  const noisy = (seed: bigint) => {
    const generator = new Generator(seed);
    return Uint8Array.from({ length: 768 }, () => Math.floor(256 * generator.random()));
  };
  const pictures = [noisy(1n), noisy(2n), noisy(3n)];

  it("is the signal-to-noise ratio of the bytes that come back", async () => {
    const autoencoder = { config: config.autoencoder, weights };
    const score = await evaluateAutoencoder(autoencoder, pictures, 16, runtime);
    const errors = pictures.map((picture, n) =>
      mean([...picture].map((byte, i) => (byte - score.decoded[n]![i]!) ** 2)),
    );
    const decibel = (error: number) => 20 * Math.log10(255 / Math.sqrt(error));
    expect(score.psnr).toBeCloseTo(mean(errors.map(decibel)), 6);
    expect(score.psnrOfMean).toBeCloseTo(decibel(mean(errors)), 6);
    expect(score.psnr).toBeGreaterThan(3);
    const signed = floats(
      [3, 16, 16, 3],
      pictures.flatMap((p) => [...p].map((b) => b / 127.5 - 1)),
    );
    const latents = [...(await roundTrip(weights, signed)).latents.data].map(Number);
    expect(score.latentMean).toBeCloseTo(mean(latents), 5);
    const variance = mean(latents.map((value) => (value - mean(latents)) ** 2));
    expect(score.latentDeviation).toBeCloseTo(Math.sqrt(variance), 5);
  });
});

describe("training", () => {
  const train = (folder: string, options = {}) =>
    trainAutoencoder(config, { runtime, folder, ...options });

  it("lessens the loss, and goes on bit-identically after an interruption", async () => {
    const [whole, broken] = [join(base, "whole"), join(base, "broken")];
    await writeTinyPool(whole);
    await writeTinyPool(broken);
    const losses: number[] = [];
    const onStep = (_k: number, report: Readonly<Record<string, number>>) =>
      void losses.push(report["loss"]!);
    const { done, packing } = await train(whole, { onStep });
    expect(done).toBe(true);
    expect(losses.length).toBe(STEPS);
    expect(Math.min(...losses.slice(-3))).toBeLessThan(0.9 * losses[0]!);
    const controller = new AbortController();
    const stop = (k: number) => void (k === 5 && controller.abort());
    const first = await train(broken, { onStep: stop, signal: controller.signal });
    expect(first.done).toBe(false);
    expect((await checkpointsIn(broken)).at(-1)!.completed).toBe(5);
    await train(broken);
    const digest = autoencoderDigest(config);
    const [one, two] = await Promise.all(
      [whole, broken].map((folder) => loadLatestCheckpoint(folder, digest, packing.size)),
    );
    expect(two).toEqual(one);
  });

  it("ends in a folder of float16 weights whose latents have unit variance", async () => {
    const whole = join(base, "whole");
    const { trainer, packing } = await train(whole);
    const folder = join(base, "model");
    const trained = { packing, average: trainer.state.average, step: trainer.completed };
    const { scalingFactor, psnr } = await exportAutoencoder(config, trained, folder, runtime);
    const read = await readAutoencoder(folder);
    expect(read.config).toEqual({ ...config.autoencoder, scaling_factor: scalingFactor });
    const file = await openSafetensors(join(folder, "diffusion_pytorch_model.safetensors"));
    expect(new Set([...file.tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["F16"]));
    expect(file.metadata).toEqual({
      format: "pt",
      step: String(STEPS),
      config: autoencoderDigest(config),
      psnr: psnr.toFixed(2),
    });
    const pictures = await heldOutPictures(config.size, config.held_out, config.seed);
    const score = await evaluateAutoencoder(read, pictures, config.size, runtime);
    expect(score.psnr).toBeCloseTo(psnr, 6);
    expect(score.latentDeviation * scalingFactor).toBeCloseTo(1, 4);
  });
});
