// The boundary condition of consistency, f(x, t) = x where noise ends: which heads meet it whatever their weights are.

import { describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import type { Head } from "../../src/diffusion/index.js";
import { declareLevel, levelFeeds, pictureNetwork } from "../../src/distillation/index.js";
import { expectSkipHead } from "../../src/distillation/network.js";
import { Graph } from "../../src/engine/graph.js";
import { parseUNet2DConfig, unet2d } from "../../src/models/unet2d/index.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import { makeWeights, runOnce } from "../models/goldens.js";
import { BATCH, PICTURE, SCHEDULE, UNET } from "./tiny-networks.js";

const SHAPE = [BATCH, ...PICTURE];
/** Rounding of float32, twice. */
const ROUNDING = 2 ** -22;

/** A network's answer to noise at the last level, how far it is from that, and what it puts out. */
async function atTheEnd(head: Head) {
  const unet = parseUNet2DConfig({ ...UNET, out_channels: head === "both" ? 2 : 1 });
  const specs = collectSpecs((w) => {
    const sample = w.graph.input("x", "float32", SHAPE);
    unet2d(w, unet, { sample, timestep: w.graph.input("timestep", "float32", [BATCH]) });
  });
  const graph = new Graph();
  const weights = new ConstantWeights(graph, makeWeights(specs));
  const x = graph.input("x", "float32", SHAPE);
  const level = declareLevel(graph, "level", BATCH);
  graph.output("answer", pictureNetwork(weights, unet, { head }).predict(x, level));
  graph.output("put", unet2d(weights, unet, { sample: x, timestep: level.timestep }).output);
  const last = SCHEDULE.level(0);
  const noisy = new Generator(1n).randn(SHAPE);
  const levels = levelFeeds("level", new Array<typeof last>(BATCH).fill(last));
  const { answer, put } = await runOnce(graph, { x: noisy, ...levels });
  const largest = Math.max(...Array.from(put!.data, Number).map(Math.abs));
  const off = Array.from(noisy.data, (value, i) => Math.abs(value - Number(answer!.data[i])));
  return { last, largest, off: Math.max(...off), scale: Math.max(...noisy.data.map(Math.abs)) };
}

describe("where noise ends", () => {
  it.each(["v", "both"] as const)("head %s answers what it is asked about", async (head) => {
    const { last, largest, off, scale } = await atTheEnd(head);
    expect(largest).toBeGreaterThan(0.1);
    // All that is left is σ of what the network puts out, 4.5e-5 of it.
    expect(last.sigma).toBeLessThan(5e-5);
    const parts = head === "both" ? 1 + last.sigma : 1;
    expect(off).toBeLessThanOrEqual(last.sigma * largest * parts + ROUNDING * scale);
    expect(() => expectSkipHead("parent", { head })).not.toThrow();
  });

  it("head x0 answers what it likes, and is refused", async () => {
    const { off } = await atTheEnd("x0");
    expect(off).toBeGreaterThan(0.1);
    expect(() => expectSkipHead("parent", { head: "x0" })).toThrow(
      /parent: expected a network with head v or both for a consistency target, got x0/,
    );
  });
});
