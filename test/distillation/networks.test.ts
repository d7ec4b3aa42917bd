// Semantic encoder, gradient predictor and latent network against modules of PyTorch.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Graph } from "../../src/engine/graph.js";
import {
  gradientPredictor,
  parseGradientPredictorConfig,
} from "../../src/models/gradient-predictor/index.js";
import { latentMlp, parseLatentMlpConfig } from "../../src/models/latent-mlp/index.js";
import {
  parseSemanticEncoderConfig,
  semanticEncoder,
  semanticEncoderConfig,
} from "../../src/models/semantic-encoder/index.js";
import { unet2d } from "../../src/models/unet2d/index.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import type { Weights } from "../../src/nn/weights.js";
import { scoped } from "../../src/nn/weights.js";
import type { Value } from "../../src/engine/graph.js";
import { sizeOf } from "../../src/core/shape.js";
import { expectClose } from "../closeness.js";
import { digestOf, makeWeights, runOnce } from "../models/goldens.js";
import { host } from "./golden-network.js";
import type { Stored } from "./golden-network.js";

interface NetworkCase {
  readonly config: unknown;
  readonly digest: string;
  readonly output: Stored;
}

interface Goldens {
  readonly encoder: NetworkCase & { readonly pictures: Stored };
  readonly predictors: Readonly<
    Record<string, NetworkCase & Readonly<Record<"sample" | "timestep" | "latent", Stored>>>
  >;
  readonly mlp: NetworkCase & Readonly<Record<"latent" | "timestep", Stored>>;
}

const PATH = fileURLToPath(new URL("../golden/sferd/networks.json", import.meta.url));
const goldens = JSON.parse(readFileSync(PATH, "utf8")) as Goldens;
const PARITY = { relative: 0, absolute: 0, ofScale: 2e-5 };

/** A network's output with made-up weights, after a check that its weights are those of the golden. */
async function outputOf(
  { digest }: NetworkCase,
  inputs: Readonly<Record<string, Stored>>,
  build: (weights: Weights, inputs: Readonly<Record<string, Value>>) => Value,
) {
  const built = (weights: Weights): Value => {
    const values = Object.entries(inputs).map(
      ([name, { shape }]) => [name, weights.graph.input(name, "float32", shape)] as const,
    );
    return build(weights, Object.fromEntries(values));
  };
  const specs = collectSpecs((weights) => void built(weights));
  expect(digestOf(specs)).toBe(digest);
  const graph = new Graph();
  graph.output("output", built(new ConstantWeights(graph, makeWeights(specs))));
  const feeds = Object.entries(inputs).map(([name, stored]) => [name, host(stored)] as const);
  const { output } = await runOnce(graph, Object.fromEntries(feeds));
  return output!;
}

const elements = (build: (weights: Weights) => void): number =>
  collectSpecs(build).reduce((total, { shape }) => total + sizeOf(shape), 0);

describe("the semantic encoder", () => {
  it("is the module of PyTorch", async () => {
    const { encoder: golden } = goldens;
    const config = parseSemanticEncoderConfig(golden.config);
    const output = await outputOf(golden, { pictures: golden.pictures }, (w, inputs) =>
      semanticEncoder(w, config, inputs["pictures"]!),
    );
    expectClose(output, golden.output, PARITY);
  });

  it.each([
    [32, 2048, 3],
    [64, 2048, 4],
    [128, 4096, 5],
  ])("of pictures of %i has %i numbers before the last layer", (size, flat, convolutions) => {
    const config = semanticEncoderConfig(size);
    const specs = collectSpecs((w) => {
      const pictures = w.graph.input("pictures", "float32", [1, size, size, 3]);
      expect(semanticEncoder(w, config, pictures).shape).toEqual([1, 512]);
    });
    const last = specs.find(({ name }) => name === "proj_out.weight")!;
    expect(last.shape).toEqual([512, flat]);
    const strided = [config.strides].flat().filter((stride) => stride === 2);
    expect(strided).toHaveLength(convolutions);
  });

  it("attends at 16x16 in every form", () => {
    for (const size of [32, 64, 128]) {
      const seen: number[] = [];
      collectSpecs((weights) => {
        const pictures = weights.graph.input("pictures", "float32", [1, size, size, 1]);
        const config = semanticEncoderConfig(size, { channels: 1, width: 16, latentDim: 64 });
        semanticEncoder(weights, config, pictures, {
          at: ({ height, width }) => {
            seen.push(height, width);
            return "fused";
          },
        });
      });
      expect(seen).toEqual([16, 16]);
    }
  });

  it("refuses pictures of another size, and sizes that do not divide", () => {
    expect(() => semanticEncoderConfig(48)).toThrow(
      /expected pictures of 8, 16, 32, 64, 128, got 48/,
    );
    expect(() =>
      parseSemanticEncoderConfig({ ...semanticEncoderConfig(32), sample_size: 36 }),
    ).toThrow(/sample_size/);
    expect(() =>
      collectSpecs((w) => {
        const pictures = w.graph.input("pictures", "float32", [1, 28, 28, 3]);
        semanticEncoder(w, semanticEncoderConfig(32), pictures);
      }),
    ).toThrow(/expected \?x32x32x3, got 1x28x28x3/);
  });
});

describe("the gradient predictor", () => {
  it.each(Object.keys(goldens.predictors))("wired as %s is the module of PyTorch", async (name) => {
    const golden = goldens.predictors[name]!;
    const { sample, timestep, latent } = golden;
    const config = parseGradientPredictorConfig(golden.config);
    const output = await outputOf(golden, { sample, timestep, latent }, (w, inputs) => {
      const student = unet2d(scoped(w, "student"), config.unet, {
        sample: inputs["sample"]!,
        timestep: inputs["timestep"]!,
      });
      // What diffusers' student asks for beyond its stages belongs to the digest too.
      w.graph.output("student", student.output);
      const its = { student: student.encoder, latent: inputs["latent"]! };
      return gradientPredictor(scoped(w, "predictor"), config, its);
    });
    expectClose(output, golden.output, PARITY);
  });

  it("refuses a latent of another length", () => {
    const golden = goldens.predictors["code, conv"]!;
    const config = parseGradientPredictorConfig(golden.config);
    expect(() =>
      collectSpecs((w) => {
        const sample = w.graph.input("sample", "float32", golden.sample.shape);
        const timestep = w.graph.input("timestep", "float32", [2]);
        const { encoder } = unet2d(w, config.unet, { sample, timestep });
        const latent = w.graph.input("latent", "float32", [2, 4]);
        gradientPredictor(w, config, { student: encoder, latent });
      }),
    ).toThrow(/latent: expected \?x5, got 2x4/);
  });
});

describe("the latent network", () => {
  it("is the module of PyTorch", async () => {
    const { mlp: golden } = goldens;
    const { latent, timestep } = golden;
    const config = parseLatentMlpConfig(golden.config);
    const output = await outputOf(golden, { latent, timestep }, (w, inputs) =>
      latentMlp(w, config, { latent: inputs["latent"]!, timestep: inputs["timestep"]! }),
    );
    expectClose(output, golden.output, PARITY);
  });

  it("has PDAE's 54 million parameters at PDAE's sizes", () => {
    const config = parseLatentMlpConfig({ latent_dim: 512 });
    const parameters = elements((w) => {
      const latent = w.graph.input("latent", "float32", [1, 512]);
      latentMlp(w, config, { latent, timestep: w.graph.input("timestep", "float32", [1]) });
    });
    expect(parameters / 1e6).toBeGreaterThan(53);
    expect(parameters / 1e6).toBeLessThan(55);
  });
});
