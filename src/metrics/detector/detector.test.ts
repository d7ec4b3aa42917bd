import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Generator } from "../../core/generator.js";
import { sizeOf } from "../../core/shape.js";
import { modelFlops } from "../../engine/flops.js";
import { nodeRuntime } from "../../engine/runtime/node.js";
import { InputWeights, collectSpecs } from "../../nn/input-weights.js";
import { initialise } from "../../nn/init.js";
import { createDetector, loadDetector, saveDetector } from "./detector.js";
import { DETECTOR_WIDTHS, detectorNetwork } from "./network.js";

const folder = await mkdtemp(join(tmpdir(), "detector-"));
afterAll(() => rm(folder, { recursive: true }));
const runtime = nodeRuntime();
const specs = collectSpecs((w) => {
  detectorNetwork(w, w.graph.input("pictures", "float32", [1, 96, 96, 3]));
});
const weights = initialise(specs, new Generator(1n));
const config = { widths: DETECTOR_WIDTHS, threshold: 0.4 };
const picture = {
  width: 96,
  height: 96,
  data: Uint8Array.from({ length: 96 * 96 * 3 }, (_, i) => (i * 7919) % 256),
};

describe("detectorNetwork", () => {
  it("is small and cheap: at most 300,000 parameters and 0.15 GFLOP a picture", () => {
    const parameters = specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    expect(parameters).toBeLessThan(300_000);
    const w = new InputWeights();
    const maps = detectorNetwork(w, w.graph.input("pictures", "float32", [1, 96, 96, 3]));
    for (const [name, value] of Object.entries(maps)) w.graph.output(name, value as never);
    expect(modelFlops(w.graph)).toBeLessThan(0.15e9);
    expect(modelFlops(w.graph)).toBeGreaterThan(0.01e9);
  });
});

describe("a saved detector", () => {
  it("is under 1.5 MB and sees the same, but for the rounding to 16 bits", async () => {
    await saveDetector(folder, config, weights);
    expect((await stat(join(folder, "model.safetensors"))).size).toBeLessThan(1.5e6);
    const loaded = await loadDetector(folder, runtime, { threads: 1 });
    const made = await createDetector(config, weights, runtime, { threads: 1 });
    expect(loaded.threshold).toBe(0.4);
    // Random weights find a little of everything: a low threshold shows it all.
    const [a, b] = [await loaded.detect(picture, 0.012), await made.detect(picture, 0.012)];
    expect(a.length).toBeGreaterThan(0);
    const scores = (list: typeof a) => list.slice(0, 3).map(({ score }) => score);
    scores(a).forEach((score, i) => expect(score).toBeCloseTo(scores(b)[i]!, 4));
    expect(await loaded.detect(picture)).toEqual([]);
    await Promise.all([loaded.release(), made.release()]);
  });

  it("scales pictures of another size", async () => {
    const detector = await loadDetector(folder, runtime, { threads: 1 });
    const small = { width: 48, height: 24, data: new Uint8Array(48 * 24 * 3).fill(90) };
    const full = { width: 96, height: 96, data: new Uint8Array(96 * 96 * 3).fill(90) };
    expect(await detector.detect(small, 0.012)).toEqual(await detector.detect(full, 0.012));
    await detector.release();
  });

  it("is refused when it knows other things", async () => {
    const path = join(folder, "config.json");
    const json = JSON.parse(await readFile(path, "utf8")) as { nouns: string[] };
    await writeFile(path, JSON.stringify({ ...json, nouns: json.nouns.toReversed() }));
    await expect(loadDetector(folder, runtime)).rejects.toThrow("expected the nouns cube, sphere");
    await writeFile(path, JSON.stringify({ ...json, threshold: 2 }));
    await expect(loadDetector(folder, runtime)).rejects.toThrow("threshold");
  });
});
