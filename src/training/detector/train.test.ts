import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../engine/runtime/node.js";
import { conv } from "../../nn/conv.js";
import { loadDrawings } from "../scenes/index.js";
import { batchOf, renderedScenes } from "./batches.js";
import { BOX_VALUES, CLASSES, COLOUR_CLASSES, PICTURE_SIDE } from "./layout.js";
import type { DetectorNetwork } from "./loss.js";
import { trainDetector } from "./train.js";
import type { DetectorTraining } from "./train.js";

const root = await mkdtemp(join(tmpdir(), "detector-"));
afterAll(() => rm(root, { recursive: true }));
const drawings = await loadDrawings();
const scenes = renderedScenes(drawings, 1n);
const source = { scenes, count: 8, seed: 3n, batch: 2 };

/** One convolution per map: enough for the machinery. */
const network: DetectorNetwork = (w, pictures) => {
  const map = (name: string, channels: number) =>
    conv(w, name, pictures, channels, { kernel: 4, stride: 4, padding: 0 });
  return {
    heat: map("heat", CLASSES),
    box: map("box", BOX_VALUES),
    colour: map("colour", COLOUR_CLASSES),
  };
};

const training = (folder: string, steps: number): DetectorTraining => ({
  runtime: nodeRuntime(),
  network,
  source,
  steps,
  peak: 1e-2,
  folder: join(root, folder),
  digest: "test",
  threads: 1,
});

describe("batchOf", () => {
  it("gives step k the same feeds whenever it is asked, and other steps others", () => {
    const again = { ...source, scenes: renderedScenes(drawings, 1n) };
    expect(batchOf(again, 2)).toEqual(batchOf(source, 2));
    expect(batchOf(source, 1).pictures).not.toEqual(batchOf(source, 2).pictures);
  });

  it("feeds pictures in [-1, 1] and one centre for each thing", () => {
    const { pictures, heat } = batchOf(source, 1);
    expect(pictures!.shape).toEqual([2, PICTURE_SIDE, PICTURE_SIDE, 3]);
    const values = pictures!.data as Float32Array;
    expect(values.every((value) => value >= -1 && value <= 1)).toBe(true);
    const centres = (heat!.data as Float32Array).filter((value) => value === 1).length;
    expect(centres).toBe(scenes(0).things.length + scenes(1).things.length);
  });

  it("mixes in pictures that went through the autoencoder", () => {
    const grey = { rgb: new Uint8Array(PICTURE_SIDE ** 2 * 3).fill(128), things: [] };
    const mixed = { ...source, batch: 20, decoded: [grey] };
    const empty = (k: number) => {
      const weights = batchOf(mixed, k).weight!.data as Float32Array;
      const cells = weights.length / 20;
      return Array.from({ length: 20 }, (_, i) =>
        weights.subarray(i * cells, (i + 1) * cells).every((value) => value === 0),
      ).filter(Boolean).length;
    };
    const share = (empty(1) + empty(2)) / 40;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.6);
  });
});

describe("trainDetector", () => {
  it("goes on bit for bit where it stopped", async () => {
    const whole = await trainDetector(training("whole", 5));
    const stop = new AbortController();
    // The third batch is asked for while the second step is still to run.
    const interrupting: typeof source = {
      ...source,
      scenes: (index) => {
        if (index >= 4) stop.abort();
        return scenes(index);
      },
    };
    const part = await trainDetector({
      ...training("parts", 5),
      source: interrupting,
      signal: stop.signal,
    });
    expect(part.finished).toBe(false);
    expect(part.weights).not.toEqual(whole.weights);
    const resumed = await trainDetector(training("parts", 5));
    expect(resumed.finished).toBe(true);
    expect(resumed.weights).toEqual(whole.weights);
  });

  it("starts from given weights", async () => {
    const { weights } = await trainDetector(training("first", 1));
    const zero = new Map([...weights].map(([name, { shape }]) => [name, zerosOf(shape)]));
    const { weights: next } = await trainDetector({ ...training("second", 1), start: zero });
    expect(next).not.toEqual(weights);
  });
});

function zerosOf(shape: readonly number[]) {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { dtype: "float32" as const, shape, data: new Float32Array(size) };
}
