// UNet2DModel against diffusers: outputs, stages, attention maps, dropout and gradients of tiny configurations.

import { describe, expect, it } from "vitest";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { cast, mean, mul } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import { parseUNet2DConfig, sitesOf2D, unet2d } from "../../src/models/unet2d/index.js";
import type { UNet2DConfig, UNet2DInputs, UNet2DResult } from "../../src/models/unet2d/index.js";
import type { AttentionPolicy } from "../../src/nn/attention.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import { Packing, PackedWeights } from "../../src/nn/packed-weights.js";
import type { Weights, WeightSpec } from "../../src/nn/weights.js";
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
const INPUTS = ["sample", "timestep", "classLabels"] as const;
const GOLDEN = "../unet2d/unet2d";

const cases = readCases(GOLDEN);
const tensors = await readTensors(GOLDEN);

/** The stored tensors of a case whose names begin with `prefix`, without the case's name. */
function stored(name: string, prefix: string): [string, HostTensor][] {
  const from = `${name}.`;
  return [...tensors]
    .filter(([key]) => key.startsWith(from + prefix))
    .map(([key, value]) => [key.slice(from.length), value]);
}

function feedsOf(name: string): Record<string, HostTensor> {
  const inputs = INPUTS.map((input) => [input, tensors.get(`${name}.${input}`)] as const);
  const given = inputs.filter(([, value]) => value) as [string, HostTensor][];
  return Object.fromEntries([...given, ...stored(name, "dropout.")]);
}

function build(
  w: Weights,
  config: UNet2DConfig,
  feeds: Record<string, HostTensor>,
  policy?: AttentionPolicy,
): UNet2DResult {
  const inputs = Object.entries(feeds).map(([name, { dtype, shape }]) => {
    return [name, w.graph.input(name, dtype, shape)];
  });
  const given = Object.fromEntries(inputs) as unknown as UNet2DInputs;
  return unet2d(w, config, {
    ...given,
    policy,
    dropout: (name, x) => {
      if (!feeds[`dropout.${name}`]) return x;
      const mask = cast(w.graph.input(`dropout.${name}`, "bool", x.shape), "float32");
      return mul(x, mul(mask, 1 / (1 - config.dropout)));
    },
  });
}

function modelOf(name: string): {
  config: UNet2DConfig;
  feeds: Record<string, HostTensor>;
  specs: WeightSpec[];
} {
  const config = parseUNet2DConfig(cases[name]!.config);
  const feeds = feedsOf(name);
  return { config, feeds, specs: collectSpecs((w) => void build(w, config, feeds)) };
}

describe("unet2d", () => {
  for (const [name, { digest }] of Object.entries(cases)) {
    it(`${name}: asks for diffusers' weights and gives its output and stages`, async () => {
      const { config, feeds, specs } = modelOf(name);
      expect(digestOf(specs)).toBe(digest);
      const w = new ConstantWeights(new Graph(), makeWeights(specs));
      const { output, encoder } = build(w, config, feeds);
      w.graph.output("output", output);
      const { h, mid, temb } = encoder;
      for (const [stage, value] of Object.entries({ h, mid, temb })) w.graph.output(stage, value);
      const made = await runOnce(w.graph, feeds);
      expectClose(made["output"]!, tensors.get(`${name}.output`)!, PARITY);
      const stages = ["h", "mid", "temb"].filter((stage) => tensors.has(`${name}.${stage}`));
      expect(stages.length).toBeGreaterThan(0);
      for (const stage of stages) {
        expectClose(made[stage]!, tensors.get(`${name}.${stage}`)!, PARITY);
      }
    });
  }

  it("gives the maps of its sites, and the same output with them in hand", async () => {
    const { config, feeds, specs } = modelOf("ddpm");
    const w = new ConstantWeights(new Graph(), makeWeights(specs));
    const policy: AttentionPolicy = {
      at: (site) => (maps) => w.graph.output(`maps.${site.name}`, maps),
    };
    w.graph.output("output", build(w, config, feeds, policy).output);
    const made = await runOnce(w.graph, feeds);
    expectClose(made["output"]!, tensors.get("ddpm.output")!, PARITY);
    const recorded = stored("ddpm", "maps.");
    expect(recorded.map(([key]) => key.slice("maps.".length)).sort()).toEqual(
      sitesOf2D(config, 8, 8)
        .map(({ name }) => name)
        .sort(),
    );
    for (const [key, value] of recorded) expectClose(made[key]!, value, PARITY);
  });

  it("hands out all skips, of which the way up takes each once", () => {
    const { config, feeds } = modelOf("adm");
    const { encoder } = build(
      new ConstantWeights(new Graph(), makeWeights(modelOf("adm").specs)),
      config,
      feeds,
    );
    const sides = encoder.skips.map(({ shape }) => shape[1]);
    expect(sides).toEqual([8, 8, 8, 4, 4, 4, 2, 2, 2]);
    expect(encoder.h).toBe(encoder.skips.at(-1));
  });
});

describe("sitesOf2D", () => {
  it("lists every site with its cells, heads and keys", () => {
    const sites = sitesOf2D(parseUNet2DConfig(cases["ddpm"]!.config), 8, 8);
    expect(sites.map(({ name }) => name)).toEqual([
      "down.1.attn.0.self",
      "mid.attn.0.self",
      "up.0.attn.0.self",
      "up.0.attn.1.self",
    ]);
    expect(sites[0]).toMatchObject({ kind: "self", height: 4, width: 4, heads: 3, tokens: 16 });
  });
});

describe("the gradient of a UNet2DModel", () => {
  it("is PyTorch's for every weight, along a direction, with classes and dropped activations", async () => {
    const { config, feeds, specs } = modelOf("classes");
    const packing = new Packing(specs);
    const graph = new Graph();
    const w = new PackedWeights(graph.input("weights", "float32", [packing.size]), packing);
    const { output } = build(w, config, feeds);
    graph.output("gradient", w.gradient(mean(mul(output, output))));
    const weights = floats([packing.size], packing.pack(makeWeights(specs)));
    const { gradient } = await runOnce(graph, { ...feeds, weights });
    const parts = packing.unpack(gradient!.data as Float32Array);
    const directions = drawDirections(specs);
    const expected = cases["classes"]!.gradient!;
    expect(Object.keys(expected).sort()).toEqual([...parts.keys()].sort());
    const along = Object.keys(expected).map((name) => {
      const direction = directions.get(name)!.data;
      return parts.get(name)!.data.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    });
    expectClose(along, Object.values(expected), { relative: 1e-3, absolute: 0, ofScale: 1e-5 });
  });
});

describe("a configuration from elsewhere", () => {
  it("may have options that we know nothing of", () => {
    const config = cases["ddpm"]!.config as object;
    expect(parseUNet2DConfig({ ...config, of_tomorrow: 1 })).toEqual(parseUNet2DConfig(config));
  });
});

describe("unet2d refuses", () => {
  const { config, feeds } = modelOf("classes");
  const built = (change: Record<string, HostTensor>) => () =>
    collectSpecs((w) => void build(w, config, { ...feeds, ...change }));

  it("a side that cannot be halved, other channels, another batch", () => {
    expect(built({ sample: floats([2, 5, 4, 3], new Float32Array(120)) })).toThrow(
      "unet2d: sample: expected ?x?x?x3 with sides that are multiples of 2, got 2x5x4x3.",
    );
    expect(built({ sample: floats([2, 4, 4, 1], new Float32Array(32)) })).toThrow(/got 2x4x4x1/);
    expect(built({ timestep: floats([3], [1, 2, 3]) })).toThrow("timestep: expected 2, got 3");
  });

  it("labels where there are no classes, and none where there are", () => {
    const { classLabels, ...unlabelled } = feeds;
    expect(() => collectSpecs((w) => void build(w, config, unlabelled))).toThrow(
      "classLabels: expected labels, got none",
    );
    const plain = { ...config, num_class_embeds: null };
    expect(() =>
      collectSpecs((w) => void build(w, plain, { ...feeds, classLabels: classLabels! })),
    ).toThrow("classLabels: expected no labels, got some");
  });

  it.each([
    [{ time_embedding_type: "fourier" }, /time_embedding_type: expected "positional"/],
    [{ class_embed_type: "timestep" }, /class_embed_type: expected null or false/],
    [
      { block_out_channels: [16, 18] },
      /block_out_channels: expected multiples of norm_num_groups, 4, got 18/,
    ],
    [{ attention_head_dim: 5 }, /expected multiples of attention_head_dim, 5, got 24/],
    [{ attn_norm_num_groups: 7 }, /expected multiples of attn_norm_num_groups, 7, got 24/],
    [{ sample_size: "8" }, /sample_size: expected a number or a list, got "8"/],
    [{ down_block_types: ["DownBlock2D"] }, /down_block_types: expected 2 values/],
    [{ up_block_types: ["SkipUpBlock2D", "UpBlock2D"] }, /up_block_types.0/],
  ])("the configuration %o", (change, message) => {
    const json = { ...(cases["ddpm"]!.config as object), ...change };
    expect(() => parseUNet2DConfig(json)).toThrow(message);
  });
});
