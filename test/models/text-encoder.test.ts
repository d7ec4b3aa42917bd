// CLIPTextModel against transformers, on tiny configurations.

import { describe, expect, it } from "vitest";
import { integers } from "../../src/core/tensor.js";
import { Graph } from "../../src/engine/graph.js";
import {
  parseTextEncoderConfig,
  textEncoder,
  textEncoderWeightName,
} from "../../src/models/text-encoder/index.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { collectSpecs } from "../../src/nn/input-weights.js";
import { expectClose } from "../closeness.js";
import { digestOf, makeWeights, readCases, readTensors, runOnce } from "./goldens.js";

const PARITY = { relative: 0, absolute: 0, ofScale: 1e-4 };
const cases = readCases("text-encoder");
const tensors = await readTensors("text-encoder");

describe("text encoder", () => {
  for (const [name, { config: json, digest, ids: rows }] of Object.entries(cases)) {
    it(`${name}: asks for transformers' weights and gives its outputs`, async () => {
      const config = parseTextEncoderConfig(json);
      const ids = integers([rows!.length, rows![0]!.length], rows!.flat());
      const specs = collectSpecs((w) => {
        textEncoder(w, config, w.graph.input("ids", "int64", ids.shape));
      });
      expect(digestOf(specs)).toBe(digest);
      const w = new ConstantWeights(new Graph(), makeWeights(specs));
      const made = textEncoder(w, config, w.graph.input("ids", "int64", ids.shape));
      w.graph.output("last", made.lastHiddenState);
      w.graph.output("penultimate", made.hiddenStates.at(-2)!);
      w.graph.output("pooled", made.pooled);
      const outputs = await runOnce(w.graph, { ids });
      for (const [output, value] of Object.entries(outputs)) {
        expectClose(value, tensors.get(`${name}.${output}`)!, PARITY);
      }
    });
  }

  it("takes shorter prompts, but none beyond its positions", () => {
    const config = parseTextEncoderConfig(cases.sd2!.config);
    const encode = (tokens: number) =>
      collectSpecs((w) => {
        textEncoder(w, config, w.graph.input("ids", "int64", [1, tokens]));
      });
    expect(digestOf(encode(4))).toBe(cases.sd2!.digest);
    expect(() => encode(10)).toThrow("at most 9 tokens, got 1x10");
  });

  it("finds weights under the names of both versions of transformers", () => {
    const name = "text_model.final_layer_norm.bias";
    expect(textEncoderWeightName("final_layer_norm.bias")).toBe(name);
    expect(textEncoderWeightName(name)).toBe(name);
  });
});
