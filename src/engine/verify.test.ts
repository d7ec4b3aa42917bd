import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";

import { floats } from "../core/tensor.js";
import { add, matmul, mul, scatterAdd, silu, sum } from "./functions.js";
import { gradient } from "./gradient.js";
import { Graph } from "./graph.js";
import type { Value } from "./graph.js";
import { lower } from "./lower/index.js";
import { ModelProtoSchema, NodeProtoSchema } from "./onnx/generated/onnx_pb.js";
import type { GraphProto } from "./onnx/generated/onnx_pb.js";
import { toOnnx } from "./onnx/writer.js";
import type { OnnxModel } from "./onnx/writer.js";
import { verifyModel } from "./verify-model.js";
import { KERNELS } from "./verify-provider.js";
import type { Provider } from "./verify-provider.js";
import { verify } from "./verify.js";

/** y = x w + b with a loss, all of it live. */
function layer(): Graph {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2, 3]);
  const w = graph.input("w", "float32", [3, 4]);
  const y = add(matmul(x, w), graph.constant(floats([4], [1, 2, 3, 4])));
  graph.output("y", y);
  graph.output("dw", gradient(sum(mul(y, y)), [w])[0]!);
  return graph;
}

type Writable = { -readonly [K in keyof Value]: Value[K] };

/** A sound graph after `damage` to the value made by the first `op`. */
function damaged(op: string, damage: (value: Writable, graph: Graph) => void): Graph {
  const graph = layer();
  damage(graph.values.find((value) => value.op === op) as Writable, graph);
  return graph;
}

describe("verify", () => {
  it("accepts what the builder, the gradient and the lowering make", () => {
    const graph = layer();
    verify(graph);
    verify(lower(graph), "node-cpu");
    verify(lower(graph, { fused: false, webgpu: true }), "web-webgpu");
  });

  it.each<[string, Graph, RegExp]>([
    [
      "another shape than is inferred",
      damaged("MatMul", (value) => (value.shape = [4, 2])),
      /%2 MatMul: expected float32 2x4, got float32 4x2/,
    ],
    [
      "another element type than is inferred",
      damaged("MatMul", (value) => (value.dtype = "int64")),
      /%2 MatMul: expected float32 2x4, got int64 2x4/,
    ],
    [
      "inputs that do not fit",
      damaged("MatMul", (value) => (value.inputs = value.inputs.toReversed())),
      /%2 MatMul: MatMul: 3x4 and 2x3 do not multiply/,
    ],
    [
      "too few inputs",
      damaged("MatMul", (value) => (value.inputs = value.inputs.slice(1))),
      /%2 MatMul: MatMul: expected 2 inputs, got 1/,
    ],
    [
      "no inputs at all",
      damaged("MatMul", (value) => (value.inputs = [])),
      /%2 MatMul: expected inputs, got none/,
    ],
    [
      "an input that comes later",
      damaged(
        "MatMul",
        (value, graph) => (value.inputs = [value.inputs[0]!, graph.values.at(-1)!]),
      ),
      /%2 MatMul: expected inputs before it, got %\d+ /,
    ],
    [
      "an input of another graph",
      damaged("MatMul", (value) => (value.inputs = [value.inputs[0]!, layer().values[1]!])),
      /%2 MatMul: expected inputs before it/,
    ],
    [
      "a value out of its place",
      damaged("MatMul", (value) => (value.id = 7)),
      /%7 MatMul: expected value 2 of this graph/,
    ],
    [
      "a constant of other elements",
      damaged("Constant", (value) => (value.shape = [5])),
      /Constant: expected 5 elements of float32 5, got 4 of float32 4/,
    ],
    [
      "an input that is not registered",
      damaged("Input", (_, graph) => void graph.inputs.delete("x")),
      /%0 Input: expected an input of the graph, got x/,
    ],
    [
      "an input registered under another name",
      damaged("Input", (value, graph) => void graph.inputs.set("other", value)),
      /input other: expected an Input of that name, got %0 Input/,
    ],
    [
      "an output of another graph",
      damaged("Input", (_, graph) => void graph.outputs.set("z", layer().values[0]!)),
      /output z: expected a value of the graph/,
    ],
    [
      "an output named as an input",
      damaged("Input", (value, graph) => void graph.outputs.set("x", value)),
      /output x: expected a name that no input has/,
    ],
  ])("refuses %s", (_, graph, message) => {
    expect(() => verify(graph)).toThrow(message);
  });

  it("refuses external constants of another length", () => {
    const graph = new Graph();
    graph.external("float32", [3], { file: "weights", offset: 0, byteLength: 8 });
    expect(() => verify(graph)).toThrow(/External: expected 12 bytes, got 8 at 0/);
  });
});

/** The model of a small network, changed by `damage`. */
function model(damage: (graph: GraphProto, model: OnnxModel) => void): OnnxModel {
  const sound = toOnnx(lower(layer()));
  const proto = fromBinary(ModelProtoSchema, sound.bytes);
  damage(proto.graph!, sound);
  return { ...sound, bytes: toBinary(ModelProtoSchema, proto) };
}

const node = (init: MessageInitShape<typeof NodeProtoSchema>) => create(NodeProtoSchema, init);

describe("verifyModel", () => {
  it("accepts what the writer makes", () => {
    verifyModel(toOnnx(lower(layer())));
    verifyModel(toOnnx(lower(layer(), { fused: false, webgpu: true })), "web-webgpu");
  });

  it("accepts scattered updates everywhere: kernels that add in order", () => {
    const graph = new Graph();
    const updates = graph.input("updates", "float32", [3, 2]);
    const rows = graph.input("rows", "int64", [3]);
    graph.output("y", scatterAdd(updates, rows, 0, 4));
    for (const provider of Object.keys(KERNELS) as Provider[]) {
      verifyModel(toOnnx(lower(graph, { webgpu: provider.endsWith("webgpu") })), provider);
    }
  });

  it.each([
    "RandomNormalLike",
    "RandomUniform",
    "Dropout",
    "BiasDropout",
    "Bernoulli",
    "Multinomial",
  ])("refuses %s", (opType) => {
    const bad = model(({ node: nodes }) => {
      nodes.push(node({ opType, input: ["x"], output: ["drawn"] }));
    });
    expect(() => verifyModel(bad)).toThrow(
      new RegExp(`${opType} drawn: expected no operator that draws random numbers`),
    );
  });

  it.each<[string, (graph: GraphProto, model: OnnxModel) => void, RegExp]>([
    [
      "an operator outside the provider's table",
      ({ node: nodes }) => void nodes.push(node({ opType: "ScatterND", output: ["z"] })),
      /ScatterND z: expected an operator of node-cpu, got ScatterND/,
    ],
    [
      "an operator of an unknown domain",
      ({ node: nodes }) => void nodes.push(node({ opType: "Add", domain: "odd", output: ["z"] })),
      /got odd.Add/,
    ],
    [
      "nodes out of order",
      ({ node: nodes }) => void nodes.reverse(),
      /expected inputs made before it/,
    ],
    [
      "a name made twice",
      ({ node: nodes }) => void nodes.push(nodes[0]!),
      /expected each name to be made once/,
    ],
    [
      "a constant of too few bytes",
      ({ initializer }) => void (initializer[0]!.rawData = initializer[0]!.rawData.slice(1)),
      /expected \d+ bytes, got \d+/,
    ],
    [
      "an element type of no name",
      ({ initializer }) => void (initializer[0]!.dataType = 99),
      /expected a known element type, got 99/,
    ],
    ["a missing input", ({ input }) => void input.pop(), /inputs: expected x, w, got x/],
    ["a missing output", ({ output }) => void output.pop(), /outputs: expected y, dw, got y/],
    [
      "an output that nothing makes",
      ({ node: nodes }) => {
        for (const at of nodes) at.output = at.output.map((name) => (name === "dw" ? "d" : name));
      },
      /output dw: expected a node that makes it/,
    ],
  ])("refuses %s", (_, damage, message) => {
    expect(() => verifyModel(model(damage))).toThrow(message);
  });

  it("refuses com.microsoft for WebGPU", () => {
    expect(() => verifyModel(toOnnx(lower(layer())), "web-webgpu")).toThrow(
      /expected an operator of web-webgpu, got com.microsoft.FusedMatMul/,
    );
  });

  it("refuses external constants of other lengths and of unknown files", () => {
    const graph = new Graph();
    const location = { file: "weights", offset: 0, byteLength: 12 };
    graph.output("y", silu(graph.external("float32", [3], location)));
    const sound = toOnnx(graph);
    verifyModel(sound);
    expect(() => verifyModel({ ...sound, externalFiles: new Map() })).toThrow(/known file/);
    const proto = fromBinary(ModelProtoSchema, sound.bytes);
    proto.graph!.initializer[0]!.dims = [4n];
    const longer = { ...sound, bytes: toBinary(ModelProtoSchema, proto) };
    expect(() => verifyModel(longer)).toThrow(/expected 16 bytes, got 12/);
  });
});
