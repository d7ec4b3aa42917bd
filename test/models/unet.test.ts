// UNet2DConditionModel against diffusers: outputs, attention maps and gradients of tiny configurations.

import { describe, expect, it } from "vitest";
import { Graph } from "../../src/engine/graph.js";
import type { Value } from "../../src/engine/graph.js";
import { mean, mul } from "../../src/engine/functions.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { floats } from "../../src/core/tensor.js";
import { parseUNetConfig, sitesOf, unet } from "../../src/models/unet/index.js";
import type { UNetConfig, UNetInputs } from "../../src/models/unet/index.js";
import type { AttentionPolicy } from "../../src/nn/attention.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import { Packing, PackedWeights } from "../../src/nn/packed-weights.js";
import type { Weights, WeightSpec } from "../../src/nn/weights.js";
import { evaluate } from "../reference/index.js";
import { expectClose } from "../closeness.js";
import {
  digestOf,
  drawDirections,
  makeWeights,
  readCases,
  readTensors,
  runOnce,
} from "./goldens.js";

const PARITY = { relative: 0, absolute: 0, ofScale: 1e-4 };
const INPUTS = ["sample", "timestep", "context", "guidance"] as const;

const cases = readCases("unet");
const tensors = await readTensors("unet");

/** The stored inputs of a case by their own names. */
function feedsOf(name: string): Record<string, HostTensor> {
  const stored = INPUTS.map((input) => [input, tensors.get(`${name}.${input}`)] as const);
  return Object.fromEntries(stored.filter(([, value]) => value)) as Record<string, HostTensor>;
}

function buildUNet(
  w: Weights,
  config: UNetConfig,
  feeds: Record<string, HostTensor>,
  policy?: AttentionPolicy,
): Value {
  const inputs = Object.entries(feeds).map(([name, { dtype, shape }]) => {
    return [name, w.graph.input(name, dtype, shape)];
  });
  const given = Object.fromEntries(inputs) as unknown as UNetInputs;
  return unet(w, config, policy ? { ...given, policy } : given);
}

function modelOf(name: string): {
  config: UNetConfig;
  feeds: Record<string, HostTensor>;
  specs: WeightSpec[];
} {
  const config = parseUNetConfig(cases[name]!.config);
  const feeds = feedsOf(name);
  return { config, feeds, specs: collectSpecs((w) => buildUNet(w, config, feeds)) };
}

describe("unet", () => {
  for (const [name, { digest }] of Object.entries(cases)) {
    it(`${name}: asks for diffusers' weights and gives its output`, async () => {
      const { config, feeds, specs } = modelOf(name);
      expect(digestOf(specs)).toBe(digest);
      const w = new ConstantWeights(new Graph(), makeWeights(specs));
      w.graph.output("output", buildUNet(w, config, feeds));
      const { output } = await runOnce(w.graph, feeds);
      expectClose(output!, tensors.get(`${name}.output`)!, PARITY);
    });
  }

  it("gives the maps of its sites, and the same output with them in hand", async () => {
    const name = "stage";
    const { config, feeds, specs } = modelOf(name);
    const w = new ConstantWeights(new Graph(), makeWeights(specs));
    const policy: AttentionPolicy = {
      at: (site) => (maps) => w.graph.output(`maps.${site.name}`, maps),
    };
    w.graph.output("output", buildUNet(w, config, feeds, policy));
    const outputs = await runOnce(w.graph, feeds);
    expectClose(outputs.output!, tensors.get(`${name}.output`)!, PARITY);
    const recorded = [...tensors.keys()].filter((key) => key.startsWith(`${name}.maps.`));
    expect(recorded.filter((key) => key.endsWith("cross"))).toHaveLength(10);
    for (const key of recorded) {
      expectClose(outputs[key.slice(name.length + 1)]!, tensors.get(key)!, PARITY);
    }
  });

  it("uses the maps that a policy gives back", async () => {
    const { config, feeds, specs } = modelOf("stage");
    const w = new ConstantWeights(new Graph(), makeWeights(specs));
    const policy: AttentionPolicy = {
      at: ({ name }) => (name === "mid.attn.0.cross" ? (maps) => mul(maps, 0) : "fused"),
    };
    w.graph.output("output", buildUNet(w, config, feeds, policy));
    const { output } = await runOnce(w.graph, feeds);
    const plain = tensors.get("stage.output")!;
    expect(() => expectClose(output!, plain, { ofScale: 1e-2 })).toThrow("worst element");
  });
});

describe("sitesOf", () => {
  it("lists every site with its cells, heads and keys", () => {
    const sites = sitesOf(parseUNetConfig(cases.stage!.config), 8, 6, 7);
    expect(sites).toHaveLength(20);
    expect(sites[0]).toEqual({
      name: "down.0.attn.0.self",
      kind: "self",
      height: 8,
      width: 6,
      heads: 2,
      tokens: 48,
    });
    const mid = sites.find(({ name }) => name === "mid.attn.0.cross")!;
    expect([mid.height, mid.width, mid.heads, mid.tokens]).toEqual([2, 2, 4, 7]);
    expect(sites.at(-1)!.name).toBe("up.2.attn.1.cross");
  });

  it("names the depth where a transformer has several layers", () => {
    const names = sitesOf(parseUNetConfig(cases.deep!.config), 8, 8, 7).map(({ name }) => name);
    expect(names).toContain("down.0.attn.0.cross.1");
    expect(names).toContain("mid.attn.0.cross");
    expect(new Set(names).size).toBe(names.length);
  });
});

/** The mean square of a case's output as a loss, with all weights in one vector. */
function lossOf(name: string) {
  const { config, feeds, specs } = modelOf(name);
  const packing = new Packing(specs);
  const graph = new Graph();
  const w = new PackedWeights(graph.input("weights", "float32", [packing.size]), packing);
  const output = buildUNet(w, config, feeds);
  const loss = mean(mul(output, output));
  graph.output("gradient", w.gradient(loss));
  return { feeds, specs, packing, graph, loss };
}

describe("the gradient of a U-Net", () => {
  it("is PyTorch's for every weight, along a direction", async () => {
    const { feeds, specs, packing, graph } = lossOf("sd2");
    const vector = floats([packing.size], packing.pack(makeWeights(specs)));
    const { gradient } = await runOnce(graph, { ...feeds, weights: vector });
    const parts = packing.unpack(gradient!.data as Float32Array);
    const directions = drawDirections(specs);
    const expected = cases.sd2!.gradient!;
    expect(Object.keys(expected).sort()).toEqual([...parts.keys()].sort());
    const names = Object.keys(expected);
    const along = names.map((name) => {
      const direction = directions.get(name)!.data;
      return parts.get(name)!.data.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    });
    expectClose(along, Object.values(expected), { relative: 1e-3, absolute: 0, ofScale: 1e-5 });
  });

  it("is the loss's finite difference along a direction, in float64", async () => {
    const { feeds, specs, packing, graph, loss } = lossOf("guided");
    const vector = packing.pack(makeWeights(specs));
    const direction = packing.pack(drawDirections(specs));
    const weights = floats([packing.size], vector);
    const { gradient } = await runOnce(graph, { ...feeds, weights });
    const slope = (gradient!.data as Float32Array).reduce((s, g, i) => s + g * direction[i]!, 0);
    graph.outputs.clear();
    graph.output("loss", loss);
    const step = 1e-5;
    const lossAt = (by: number): number => {
      const data = Float64Array.from(vector, (value, i) => value + by * direction[i]!);
      const shifted = { dtype: "float32", shape: [packing.size], data } as const;
      return evaluate(graph, { ...feeds, weights: shifted }).loss!.data[0]!;
    };
    const difference = (lossAt(step) - lossAt(-step)) / (2 * step);
    expectClose([slope], [difference], { relative: 1e-4, absolute: 0 });
  });
});
