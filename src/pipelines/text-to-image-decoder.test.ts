import { describe, expect, it } from "vitest";
import { Generator } from "../core/generator.js";
import { Graph } from "../engine/graph.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import { decodeKL, parseAutoencoderKLConfig } from "../models/vae/index.js";
import { ConstantWeights } from "../nn/constant-weights.js";
import { initialise } from "../nn/init.js";
import { collectSpecs } from "../nn/input-weights.js";
import { parseDecoder } from "./text-to-image-decoder.js";

const KL = {
  _class_name: "AutoencoderKL",
  block_out_channels: [8, 8, 8, 8],
  down_block_types: new Array(4).fill("DownEncoderBlock2D"),
  up_block_types: new Array(4).fill("UpDecoderBlock2D"),
  norm_num_groups: 4,
  scaling_factor: 0.18215,
};

describe("parseDecoder", () => {
  it("knows the factor of either autoencoder", () => {
    expect(parseDecoder(KL)).toMatchObject({ factor: 8, channels: 4 });
    const tiny = { _class_name: "AutoencoderTiny", decoder_block_out_channels: [8, 8, 8] };
    const stages = { encoder_block_out_channels: [8, 8, 8], num_encoder_blocks: [1, 1, 1] };
    const made = parseDecoder({ ...tiny, ...stages, num_decoder_blocks: [1, 1, 1] });
    expect(made).toMatchObject({ factor: 4, channels: 4 });
  });

  it("decodes unscaled latents to colours in 0 to 1", async () => {
    const shape = [1, 4, 4, 4];
    const config = parseAutoencoderKLConfig(KL);
    const specs = collectSpecs((w) => {
      decodeKL(w, config, w.graph.input("latents", "float32", shape));
    });
    const weights = new ConstantWeights(new Graph(), initialise(specs, new Generator(1n)));
    const { graph } = weights;
    const scaled = graph.input("scaled", "float32", shape);
    const raw = graph.input("raw", "float32", shape);
    graph.output("unit", parseDecoder(KL).decode(weights, scaled));
    graph.output("plain", decodeKL(weights, config, raw));
    const latents = new Generator(2n).randn(shape);
    const session = await nodeRuntime().compile(graph, { threads: 1 });
    const data = latents.data.map((value) => value * KL.scaling_factor);
    const feeds = { raw: latents, scaled: { ...latents, data } };
    const { unit, plain } = await session.run(feeds);
    expect(unit!.shape).toEqual([1, 32, 32, 3]);
    unit!.data.forEach((value, i) => {
      const expected = Math.min(1, Math.max(0, Number(plain!.data[i]) / 2 + 0.5));
      expect(value).toBeCloseTo(expected, 4);
    });
    await session.release();
  });
});
