// Inception-v3 against PyTorch: all the wiring, with a sixteenth of the channels and formula-made weights.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { floats } from "../../src/core/tensor.js";
import { mean } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { writeSafetensors } from "../../src/io/safetensors.js";
import { createExtractor, inceptionInput } from "../../src/metrics/inception/extractor.js";
import { inceptionNetwork } from "../../src/metrics/inception/network.js";
import { resizeBilinear } from "../../src/metrics/inception/resize.js";
import { readInceptionWeights, requireWeightsPath } from "../../src/metrics/inception/weights.js";
import { expectClose } from "../closeness.js";
import { golden, pixels, thinWeights } from "./thin-inception.js";

const { count, side } = golden.pictures;
const runtime = nodeRuntime();
const tensors = thinWeights();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-inception-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("the network", () => {
  it("gives PyTorch's values after every kind of block, from bytes on", async () => {
    const graph = new Graph();
    const pictures = graph.input("pictures", "uint8", [count, side, side, 3]);
    const made = inceptionNetwork(tensors, inceptionInput(pictures), "full");
    const blocks = ["pool2", "mixed_2", "mixed_7", "mixed_8"] as const;
    for (const name of blocks) graph.output(name, mean(made.blocks[name]!, { axes: [1, 2] }));
    graph.output("features", made.features2048!);
    graph.output("logits", made.logits!);
    const session = await runtime.compile(graph, { threads: 1 });
    const feed = { dtype: "uint8", shape: pictures.shape, data: pixels } as const;
    const values = await session.run({ pictures: feed });
    await session.release();
    for (const name of [...blocks, "features", "logits"] as const) {
      expectClose(values[name]!.data, golden.values[name], { relative: 1e-4, absolute: 2e-6 });
    }
  });

  it("resizes as TensorFlow 1 does", async () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [count, side, side, 3]);
    graph.output("y", resizeBilinear(x, 299));
    const session = await runtime.compile(graph, { threads: 1 });
    const { y } = await session.run({ x: floats(x.shape, Float32Array.from(pixels)) });
    const { every, values } = golden.resized;
    const chosen = values.map((_, i) => Number(y!.data[i * every]));
    expectClose(chosen, values, { relative: 1e-6, absolute: 1e-5 });
    expect(y!.shape).toEqual([count, 299, 299, 3]);
  });
});

describe("createExtractor", () => {
  const options = { tensors, runtime, size: side, channels: 3, threads: 1 } as const;

  it("gives the same features whatever the batch, and logits with the full network", async () => {
    const extractor = await createExtractor({ ...options, features: 2048, batch: 3 });
    const { features, logits } = await extractor.extract(pixels);
    const alone = await extractor.extract(pixels.subarray(side * side * 3));
    expect(extractor).toMatchObject({ dimension: 128, classes: 63 });
    expectClose(features, golden.values.features, { relative: 1e-4, absolute: 2e-6 });
    expectClose(logits!, golden.values.logits, { relative: 1e-4, absolute: 2e-6 });
    expectClose(alone.features, features.subarray(128), { relative: 1e-6, absolute: 1e-7 });
    await expect(extractor.extract(pixels.subarray(1))).rejects.toThrow("up to 3 pictures of 3072");
    await extractor.release();
  });

  it("stops after mixed_7 for 768 features, and takes grey as three equal channels", async () => {
    const grey = Uint8Array.from({ length: side * side }, (_, i) => pixels[3 * i]!);
    const coloured = Uint8Array.from(
      { length: 3 * grey.length },
      (_, i) => grey[Math.floor(i / 3)]!,
    );
    const partial = new Map(
      [...tensors].filter(([name]) => !/^(?:mixed_(?:8|9|10)_|softmax)/.test(name)),
    );
    const made = [];
    for (const [channels, bytes] of [
      [1, grey],
      [3, coloured],
    ] as const) {
      const extractor = await createExtractor({
        ...options,
        tensors: partial,
        channels,
        features: 768,
        batch: 1,
      });
      expect(extractor).toMatchObject({ dimension: 48, classes: 0 });
      made.push(await extractor.extract(bytes));
      await extractor.release();
    }
    expect(made[0]!.logits).toBeUndefined();
    expect(made[0]).toEqual(made[1]);
  });

  it("says which tensor is missing", async () => {
    const partial = new Map(tensors);
    partial.delete("mixed_9_tower_1_conv_1.weight");
    await expect(createExtractor({ ...options, tensors: partial, features: 2048 })).rejects.toThrow(
      "expected the tensor mixed_9_tower_1_conv_1.weight, got a file without it. Ask for features of 768",
    );
  });
});

describe("readInceptionWeights", () => {
  it("tells the digest, and whether the last blocks are there", async () => {
    const full = join(folder, "full.safetensors");
    await writeSafetensors(full, tensors);
    const read = await readInceptionWeights(full);
    expect(read.complete).toBe(true);
    expect(read.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(read.tensors.get("conv.weight")).toEqual(tensors.get("conv.weight"));
    const part = join(folder, "part.safetensors");
    await writeSafetensors(
      part,
      [...tensors].filter(([name]) => name !== "softmax.weight"),
    );
    expect(await readInceptionWeights(part)).toMatchObject({ complete: false });
  });

  it("refuses another network, and none, with what to do", async () => {
    const other = join(folder, "other.safetensors");
    await writeSafetensors(other, [["a.weight", floats([1], [1])]]);
    await expect(readInceptionWeights(other)).rejects.toThrow(
      "expected the tensor conv.weight, got a.weight",
    );
    expect(() => requireWeightsPath(undefined)).toThrow(
      "not part of the package. Give a safetensors file",
    );
    expect(requireWeightsPath(other)).toBe(other);
  });
});
