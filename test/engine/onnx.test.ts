// Emitted models: sound by our own rules always, and by onnx.checker where FOLLOWSPOT_PYTHON names a Python with onnx.

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { add, mean, mul } from "../../src/engine/functions.js";
import { gradient } from "../../src/engine/gradient.js";
import { Graph } from "../../src/engine/graph.js";
import { lower } from "../../src/engine/lower/index.js";
import type { LowerOptions } from "../../src/engine/lower/index.js";
import { ModelProtoSchema } from "../../src/engine/onnx/generated/onnx_pb.js";
import { toOnnx } from "../../src/engine/onnx/writer.js";
import type { OnnxModel } from "../../src/engine/onnx/writer.js";
import { verifyModel } from "../../src/engine/verify-model.js";
import type { Provider } from "../../src/engine/verify-provider.js";
import { verify } from "../../src/engine/verify.js";
import { parseUNetConfig, unet } from "../../src/models/unet/index.js";
import { InputWeights } from "../../src/nn/input-weights.js";
import { caseGraph, withoutWeightGradients } from "./case-graph.js";
import { operatorCases } from "./cases/index.js";
import { generateProgram } from "./programs/generate.js";
import { programGraph } from "./programs/program.js";

const PYTHON = process.env["FOLLOWSPOT_PYTHON"];
const CHECKER = fileURLToPath(new URL("../../scripts/goldens/check_onnx.py", import.meta.url));

/** The ways in which a graph becomes a model, with where the model may run. */
const LOWERINGS: readonly [string, LowerOptions, Provider][] = [
  ["columns", {}, "node-cpu"],
  ["portable", { fused: false, webgpu: true }, "web-webgpu"],
  ["native", { convolution: "native", fused: false, webgpu: true }, "web-webgpu"],
];

/** A U-Net of two levels with its loss and the gradients to all of its weights. */
function trainingUNet(): Graph {
  const config = parseUNetConfig({
    block_out_channels: [8, 16],
    down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
    up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
    layers_per_block: 1,
    cross_attention_dim: 8,
    attention_head_dim: 2,
    norm_num_groups: 4,
  });
  const weights = new InputWeights();
  const { graph } = weights;
  const prediction = unet(weights, config, {
    sample: graph.input("sample", "float32", [2, 8, 8, 4]),
    timestep: graph.input("timestep", "float32", [2]),
    context: graph.input("context", "float32", [2, 5, 8]),
  });
  const loss = graph.output("loss", mean(mul(prediction, prediction)));
  const names = weights.specs.map(({ name }) => name);
  const gradients = gradient(
    loss,
    names.map((name) => graph.inputs.get(name)!),
  );
  names.forEach((name, i) => graph.output(`d ${name}`, gradients[i]!));
  return graph;
}

const folder = mkdtempSync(join(tmpdir(), "followspot-onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The models kept for the checker: file name, model and where it may run. */
const kept: { file: string; model: OnnxModel; provider: Provider }[] = [];

/** Keeps a model for the checks, beside the files that it points into. */
function keep(name: string, model: OnnxModel, provider: Provider): void {
  const number = String(kept.length).padStart(4, "0");
  const file = join(folder, `${number}-${name.replace(/[^a-z0-9]+/gi, "-")}.onnx`);
  writeFileSync(file, model.bytes);
  kept.push({ file, model, provider });
}

/** The last line of what onnx.checker says of the models in a folder, where there is a Python for it. */
function onnxChecker(models: string): string | undefined {
  if (!PYTHON) return undefined;
  const { stdout } = spawnSync(PYTHON, [CHECKER, models], { encoding: "utf8" });
  return stdout.trim();
}

/** Emits a graph lowered in each way. */
function emit(name: string, build: () => Graph): void {
  for (const [way, options, provider] of LOWERINGS) {
    const whole = build();
    const graph = lower(way === "native" ? withoutWeightGradients(whole) : whole, options);
    verify(graph, provider);
    const model = toOnnx(graph);
    expect([...model.inputs.keys()]).toEqual([...whole.inputs.keys()]);
    if (model.outputs.length > 0) keep(`${name} ${way}`, model, provider);
  }
}

describe("emitted models", () => {
  beforeAll(() => {
    const weights = new Uint8Array(Float32Array.of(9, 1, 2, 3).buffer);
    writeFileSync(join(folder, "weights0"), weights);
  });

  it("are made of every operator case", () => {
    for (const c of operatorCases) emit(c.name, () => caseGraph(c));
    expect(kept.length).toBeGreaterThan(2.9 * operatorCases.length);
  });

  it("are made of random graphs", () => {
    for (const seed of [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]) {
      emit(`random ${seed}`, () => programGraph(generateProgram(seed)));
    }
  });

  it("are made of a U-Net with the gradients of its weights", () => {
    emit("unet", trainingUNet);
  });

  it("are made with constants in files, unread inputs and one value under two names", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [3]);
    graph.input("unread", "int64", [2]);
    const file = join(folder, "weights0");
    const stored = graph.external("float32", [3], { file, offset: 4, byteLength: 12 });
    const y = add(x, stored);
    graph.output("y", y);
    graph.output("again", y);
    graph.output("same", x);
    graph.output("stored", stored);
    const model = toOnnx(graph);
    expect([...model.externalFiles]).toEqual([["weights0", file]]);
    keep("external", model, "web-wasm");
  });

  it("hold the same bytes when built again", () => {
    const once = toOnnx(lower(trainingUNet())).bytes;
    expect(Buffer.compare(once, toOnnx(lower(trainingUNet())).bytes)).toBe(0);
  });

  it("pass our rules, and onnx.checker's with shape inference", () => {
    for (const { file, model, provider } of kept) {
      expect(
        () => verifyModel({ ...model, bytes: readFileSync(file) }, provider),
        file,
      ).not.toThrow();
    }
    const report = onnxChecker(folder);
    expect([undefined, `${kept.length} passed, 0 failed`]).toContain(report);
  });

  it("fail both when a node reads what nothing makes", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [2]);
    graph.output("y", mul(x, x));
    const sound = toOnnx(graph);
    const damaged = join(folder, "damaged");
    mkdirSync(damaged);
    const proto = fromBinary(ModelProtoSchema, sound.bytes);
    proto.graph!.node[0]!.input = ["x", "nothing"];
    const bytes = toBinary(ModelProtoSchema, proto);
    writeFileSync(join(damaged, "a.onnx"), bytes);
    expect(() => verifyModel({ ...sound, bytes })).toThrow(/expected inputs made before it/);
    expect(onnxChecker(damaged) ?? "0 passed, 1 failed").toMatch(/0 passed, 1 failed$/);
  });
});
