// AutoencoderTiny and AutoencoderKL against diffusers, on tiny configurations.

import { describe, expect, it } from "vitest";
import { Graph } from "../../src/engine/graph.js";
import type { Value } from "../../src/engine/graph.js";
import {
  autoencoderWeightName,
  decodeKL,
  decodeTiny,
  encodeKL,
  encodeTiny,
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
} from "../../src/models/vae/index.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { ExternalWeights } from "../../src/nn/external-weights.js";
import type { StoredWeight } from "../../src/nn/external-weights.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import type { Weights } from "../../src/nn/weights.js";
import { openSafetensors } from "../../src/io/safetensors.js";
import { expectClose } from "../closeness.js";
import { evaluate } from "../reference/index.js";
import { digestOf, goldenPath, makeWeights, readCases, readTensors, runOnce } from "./goldens.js";

const PARITY = { relative: 0, absolute: 0, ofScale: 1e-4 };

/** Builds outputs from the two inputs of every case. */
type Build = (w: Weights, picture: Value, latents: Value) => Record<string, Value>;

async function checkParity(kind: string, build: (config: unknown) => Build): Promise<void> {
  const tensors = await readTensors(kind);
  for (const [name, { config, digest }] of Object.entries(readCases(kind))) {
    const feeds = {
      picture: tensors.get(`${name}.picture`)!,
      latents: tensors.get(`${name}.latents`)!,
    };
    const make = (w: Weights): Record<string, Value> =>
      build(config)(
        w,
        w.graph.input("picture", "float32", feeds.picture.shape),
        w.graph.input("latents", "float32", feeds.latents.shape),
      );
    const specs = collectSpecs(make);
    expect(digestOf(specs), name).toBe(digest);
    const w = new ConstantWeights(new Graph(), makeWeights(specs));
    for (const [output, value] of Object.entries(make(w))) w.graph.output(output, value);
    const outputs = await runOnce(w.graph, feeds);
    for (const [output, value] of Object.entries(outputs)) {
      expectClose(value, tensors.get(`${name}.${output}`)!, PARITY);
    }
  }
}

describe("AutoencoderTiny", () => {
  it("asks for diffusers' weights and gives its outputs", () =>
    checkParity("autoencoder-tiny", (json) => (w, picture, latents) => {
      const config = parseAutoencoderTinyConfig(json);
      return { encoded: encodeTiny(w, config, picture), decoded: decodeTiny(w, config, latents) };
    }));

  it.each(["f32", "f16", "bf16"])("reads its weights from a file of %s", async (type) => {
    const config = parseAutoencoderTinyConfig(readCases("autoencoder-tiny")["factor-4"]!.config);
    const tensors = await readTensors("autoencoder-tiny");
    const file = await openSafetensors(goldenPath(`decoder-${type}.safetensors`));
    const stored = [...file.tensors].map(([name, entry]): [string, StoredWeight] => {
      return [name, { ...entry, file: file.path }];
    });
    const converted = type === "bf16" ? await readTensors("decoder-bf16") : undefined;
    const w = new ExternalWeights(new Graph(), new Map(stored), converted);
    const latents = tensors.get("factor-4.latents")!;
    const input = w.graph.input("latents", "float32", latents.shape);
    w.graph.output("decoded", decodeTiny(w, config, input));
    const { decoded } = evaluate(w.graph, { latents });
    expectClose(decoded!, tensors.get(`factor-4.decoded-${type}`)!, PARITY);
  });
});

describe("AutoencoderKL", () => {
  it("asks for diffusers' weights and gives its outputs", () =>
    checkParity("autoencoder-kl", (json) => (w, picture, latents) => {
      const config = parseAutoencoderKLConfig(json);
      const { mean, logVariance } = encodeKL(w, config, picture);
      return { mean, logvar: logVariance, decoded: decodeKL(w, config, latents) };
    }));

  it("finds its attention under older names", () => {
    const older = (name: string): string => autoencoderWeightName(`decoder.mid_block.${name}`);
    expect(older("attentions.0.query.weight")).toBe("decoder.mid_block.attentions.0.to_q.weight");
    expect(older("attentions.0.proj_attn.bias")).toBe(
      "decoder.mid_block.attentions.0.to_out.0.bias",
    );
    expect(older("resnets.0.conv1.weight")).toBe("decoder.mid_block.resnets.0.conv1.weight");
  });
});
