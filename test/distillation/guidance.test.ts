// Attention guidance against a transcription in PyTorch, in a graph and around a denoiser.

import { describe, expect, it } from "vitest";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import type { Condition, Latent, Level } from "../../src/diffusion/index.js";
import { Graph } from "../../src/engine/graph.js";
import { guided } from "../../src/guidance/cfg.js";
import {
  attentionGuided,
  guidanceSite,
  selfAttentionGuided,
} from "../../src/guidance/self-attention/index.js";
import { blurFor, blurMatrix, blurred } from "../../src/guidance/self-attention/blur.js";
import { degrade } from "../../src/guidance/self-attention/guide.js";
import {
  attentionMask,
  attentionReceived,
  gridOf,
} from "../../src/guidance/self-attention/mask.js";
import { pickRows, stackRows } from "../../src/guidance/rows.js";
import { parseUNet2DConfig, sitesOf2D } from "../../src/models/unet2d/index.js";
import { expectClose } from "../closeness.js";
import { runOnce } from "../models/goldens.js";
import { LEVEL, POSITIONS, conditionOf, noise, tinyDenoiser } from "../placement/tiny-unet.js";
import { GOLDENS, goldenDenoiser, goldenNetwork, host, levelInputs } from "./golden-network.js";

const { x, levels, cases, blur } = GOLDENS;
const BATCH = x.shape[0]!;
const FEEDS = {
  x: host(x),
  ...Object.fromEntries(Object.entries(levels).map(([name, v]) => [name, floats([BATCH], v)])),
};
const TOLERANCE = { relative: 0, absolute: 5e-6 };
const [, HEIGHT, WIDTH] = x.shape as [number, number, number, number];

const optionsOf = (name: string) => {
  const { kernel, sigma, clamp, ...rest } = cases[name]!.options;
  return { ...rest, clamp: clamp ?? undefined, blur: { kernel, sigma } };
};

function graphOf(): { graph: Graph; noisy: ReturnType<Graph["input"]> } {
  const graph = new Graph();
  return { graph, noisy: graph.input("x", "float32", x.shape) };
}

describe("blur", () => {
  it.each(blur.cases.map((one) => [one.kernel, one] as const))(
    "of %i taps is torchvision's",
    async (kernel, { sigma, blurred: expected }) => {
      const graph = new Graph();
      const picture = graph.input("x", "float32", blur.x.shape);
      graph.output("y", blurred(picture, { kernel, sigma }));
      const { y } = await runOnce(graph, { x: host(blur.x) });
      expectClose(y!, expected, { relative: 0, absolute: 2e-6 });
    },
  );

  it("keeps the mean of a line, and refuses a kernel that reaches too far", () => {
    const size = 8;
    const rows = blurMatrix(size, { kernel: 15, sigma: 3 });
    for (let row = 0; row < size; row++) {
      const total = rows.slice(row * size, (row + 1) * size).reduce((sum, v) => sum + v, 0);
      expect(total).toBeCloseTo(1, 12);
    }
    expect(() => blurMatrix(size, { kernel: 17, sigma: 3 })).toThrow(/expected an odd kernel/);
    expect(() => blurMatrix(size, { kernel: 4, sigma: 3 })).toThrow(/expected an odd kernel/);
  });

  it("follows the size: as SAG's at 64", () => {
    expect(blurFor(64)).toEqual({ kernel: 31, sigma: 3 });
    expect(blurFor(32)).toEqual({ kernel: 15, sigma: 1.5 });
    expect(() =>
      [1, 2, 3, 4].map((size) => size > 1 && blurMatrix(size, blurFor(size))),
    ).not.toThrow();
  });
});

describe("the mask", () => {
  it.each(["parity", "following"])("of %s is the transcription's", async (name) => {
    const { graph, noisy } = graphOf();
    const { maps } = goldenNetwork.attend(noisy, levelInputs(graph, BATCH));
    const { threshold } = cases[name]!.options;
    graph.output("mask", attentionMask(maps, threshold, { height: HEIGHT, width: WIDTH }));
    graph.output("received", attentionReceived(maps));
    const { mask, received } = await runOnce(graph, FEEDS);
    expect([...(mask!.data as Float32Array)]).toEqual(cases[name]!.mask.data);
    const expected = cases.parity!.received!;
    expectClose(received!, expected, TOLERANCE);
    const total = (received!.data as Float32Array).reduce((sum, v) => sum + v, 0);
    expect(total / received!.data.length).toBeCloseTo(1, 6);
  });

  it("refuses cells that are no grid of the picture", () => {
    expect(gridOf(64, { height: 16, width: 64 })).toEqual({ height: 4, width: 16 });
    expect(gridOf(256, { height: 32, width: 32 })).toEqual({ height: 16, width: 16 });
    expect(() => gridOf(77, { height: 32, width: 32 })).toThrow(/got 77 cells/);
    expect(() => gridOf(32, { height: 32, width: 32 })).toThrow(/got 32 cells/);
  });
});

describe("the guided prediction", () => {
  it.each(Object.keys(cases))("of %s is the transcription's", async (name) => {
    const { graph, noisy } = graphOf();
    const level = levelInputs(graph, BATCH);
    graph.output("guided", attentionGuided(goldenNetwork, optionsOf(name))(noisy, level));
    const { guided } = await runOnce(graph, FEEDS);
    // The transcription divides the noise by alpha.
    expectClose(guided!, cases[name]!.guided, TOLERANCE);
  });

  it("re-noises with the noise that was predicted", async () => {
    const { graph, noisy } = graphOf();
    const level = levelInputs(graph, BATCH);
    const { clamp, blur: kernel } = optionsOf("parity");
    const network = goldenNetwork.attend(noisy, level);
    const limited = attentionGuided(goldenNetwork, { scale: 1, clamp })(noisy, level);
    const mask = attentionMask(network.maps, 1, { height: HEIGHT, width: WIDTH });
    graph.output("noisy", degrade(noisy, limited, level.alpha, { mask, blur: kernel }).noisy);
    const made = await runOnce(graph, FEEDS);
    expectClose(made["noisy"]!, cases.parity!.noisy!, TOLERANCE);
  });

  it("is the plain prediction at scale 1, with one evaluation", async () => {
    const { graph, noisy } = graphOf();
    const level = levelInputs(graph, BATCH);
    const plain = goldenNetwork.predict(noisy, level);
    expect(attentionGuided(goldenNetwork, { scale: 1 })(noisy, level)).toBe(plain);
  });
});

describe("a guided denoiser", () => {
  const condition: Condition = { embeddings: floats([1, 0, 0], []), conditional: [true] };
  const rows = Array.from({ length: BATCH }, (_, i) => i);
  const levelOf = (i: number): Level => ({
    alpha: levels.alpha[i]!,
    sigma: levels.sigma[i]!,
    timestep: levels.timestep[i]!,
  });
  const row = (i: number): Latent => pickRows(host(x), [i]);

  it.each(Object.keys(cases))("makes of %s what the transcription makes", async (name) => {
    const denoiser = selfAttentionGuided(goldenDenoiser, "only", optionsOf(name));
    const made: HostTensor<"float32">[] = [];
    for (const i of rows) {
      const prediction = await denoiser.denoise(row(i), levelOf(i), condition);
      expect(prediction.maps).toBeUndefined();
      made.push(prediction.x0);
    }
    expectClose(stackRows(made), cases[name]!.guided, TOLERANCE);
  });

  it("is the denoiser itself at scale 1", () => {
    expect(selfAttentionGuided(goldenDenoiser, "only", { scale: 1 })).toBe(goldenDenoiser);
  });

  it("gives the maps that were asked for", async () => {
    const denoiser = selfAttentionGuided(goldenDenoiser, "only");
    const { maps } = await denoiser.denoise(row(0), levelOf(0), condition, { read: ["only"] });
    expect(maps!["only"]!.shape).toEqual([1, 16, 16]);
  });

  it("refuses a site without maps for every row", async () => {
    const denoiser = selfAttentionGuided(goldenDenoiser, "other");
    await expect(denoiser.denoise(row(0), levelOf(0), condition)).rejects.toThrow(
      /other: expected 1 rows of square maps, got none/,
    );
  });
});

describe("the site that guidance looks at", () => {
  const configOf = (down: string[], up: string[]) =>
    parseUNet2DConfig({
      ...{ sample_size: 32, block_out_channels: [8, 8, 8], layers_per_block: 1 },
      ...{ norm_num_groups: 4, down_block_types: down, up_block_types: up },
    });
  const [plain, attends] = ["DownBlock2D", "AttnDownBlock2D"];
  const [upPlain, upAttends] = ["UpBlock2D", "AttnUpBlock2D"];

  it("is the decoder's last whose maps can be kept", () => {
    const usual = configOf([plain, attends, attends], [upAttends, upAttends, upPlain]);
    const sites = sitesOf2D(usual, 32, 32);
    expect(guidanceSite(sites)).toBe("up.1.attn.1.self");
    expect(sites.find(({ name }) => name === "up.1.attn.1.self")).toMatchObject({ height: 16 });
    const fine = configOf([attends, attends, plain], [upPlain, upAttends, upAttends]);
    expect(guidanceSite(sitesOf2D(fine, 64, 64))).toBe("up.1.attn.1.self");
    expect(guidanceSite(sitesOf2D(fine, 32, 32))).toBe("up.2.attn.1.self");
  });

  it("is the middle where the decoder has none, and is missed where there is none", () => {
    const middle = configOf([plain, plain, plain], [upPlain, upPlain, upPlain]);
    expect(guidanceSite(sitesOf2D(middle, 32, 32))).toBe("mid.attn.0.self");
    expect(() => guidanceSite([])).toThrow(/expected a network with self-attention/);
  });
});

describe("self-attention guidance of the text-to-image network", () => {
  it("goes around its denoiser, with and without classifier-free guidance", async () => {
    const denoiser = tinyDenoiser();
    const options = { blur: { kernel: 5, sigma: 1 }, threshold: 0.9 };
    const site = guidanceSite(denoiser.sites(8, 8, POSITIONS));
    const condition = conditionOf([true, true]);
    const x = noise(2);
    const plain = await denoiser.denoise(x, LEVEL, condition);
    const alone = selfAttentionGuided(denoiser, site, options);
    const made = await alone.denoise(x, LEVEL, condition);
    expect(made.x0.shape).toEqual(plain.x0.shape);
    expect(made.x0.data).not.toEqual(plain.x0.data);
    const negative = conditionOf([false]).embeddings;
    const both = selfAttentionGuided(guided(denoiser, negative, 3), site, options);
    const two = await both.denoise(x, LEVEL, condition);
    expect(two.x0.data).not.toEqual(made.x0.data);
    // The other way round, the unconditional rows have no maps.
    const wrong = guided(selfAttentionGuided(denoiser, site, options), negative, 3);
    await expect(wrong.denoise(x, LEVEL, condition)).rejects.toThrow(
      /expected 4 rows of square maps/,
    );
    await denoiser.release();
  });
});
