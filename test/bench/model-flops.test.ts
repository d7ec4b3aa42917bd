// The count of model FLOPs and the sizes of the networks that the benchmark measures.

import { describe, expect, it } from "vitest";
import { checkedSd15Gflop } from "../../bench/groups.js";
import { denoisingLoss } from "../../bench/loss.js";
import { readStage, REFERENCE, sizesOf } from "../../bench/nets.js";
import { modelFlops } from "../../src/engine/flops.js";
import { Graph } from "../../src/engine/graph.js";
import { InputWeights } from "../../src/nn/input-weights.js";

describe("model FLOPs", () => {
  it("are 803 GFLOP for one SD-1.5 latent at 64x64 with 77 tokens", () => {
    expect(Math.abs(checkedSd15Gflop() / 803 - 1)).toBeLessThan(0.01);
  });

  it("and parameters are those of the reference network", () => {
    const { parameters, flops } = sizesOf(REFERENCE);
    expect(parameters / 1e6).toBeCloseTo(25.0, 1);
    expect(flops / 1e9).toBeCloseTo(4.99, 1);
  });

  it("keep the shipped network within its budget: 2.5 GFLOP and 10 M parameters", () => {
    const { parameters, flops } = sizesOf(readStage().net);
    expect(parameters).toBeLessThan(10e6);
    expect(flops).toBeLessThan(2.5e9);
  });

  it("do not depend on how attention is computed: a loss that keeps all maps counts the same", () => {
    const graph = new Graph();
    const { loss } = denoisingLoss(REFERENCE, 2)(new InputWeights(graph), graph);
    graph.output("loss", loss);
    expect(modelFlops(graph)).toBe(2 * sizesOf(REFERENCE).flops);
  });
});
