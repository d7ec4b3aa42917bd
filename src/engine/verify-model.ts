// The rules of an emitted ONNX model, checked on its bytes: what onnx.checker checks, and what it does not.

import { fromBinary } from "@bufbuild/protobuf";
import { BYTES } from "../core/dtype.js";
import type { DType } from "../core/dtype.js";
import { ModelProtoSchema, TensorProto_DataLocation } from "./onnx/generated/onnx_pb.js";
import type { GraphProto, NodeProto, TensorProto } from "./onnx/generated/onnx_pb.js";
import { ELEMENT_TYPES } from "./onnx/builder.js";
import type { OnnxModel } from "./onnx/writer.js";
import { KERNELS } from "./verify-provider.js";
import type { Provider } from "./verify-provider.js";

/** Operators that draw numbers: noise, masks and dropped captions are inputs, so that a run repeats. */
const DRAWS = /Random|Dropout|Bernoulli|Multinomial/;

const DTYPES = new Map(
  Object.entries(ELEMENT_TYPES).map(([dtype, code]) => [code, dtype as DType]),
);

/**
 * Throws, naming the node or tensor, unless each name is made once and before it is read, constants hold as
 * many bytes as their shape says, inputs and outputs are those that `model` tells, no operator draws random
 * numbers, and `provider` runs every operator.
 */
export function verifyModel(model: OnnxModel, provider: Provider = "node-cpu"): void {
  const { graph, opsetImport } = fromBinary(ModelProtoSchema, model.bytes);
  if (!graph) throw new Error("verifyModel: expected a graph, got none");
  const domains = new Set(opsetImport.map(({ domain }) => domain));
  expectNames("inputs", graph.input, [...model.inputs.keys()]);
  expectNames("outputs", graph.output, model.outputs);
  graph.initializer.forEach((tensor) => expectBytes(tensor, model));
  const made = new Set<string>();
  for (const { name } of [...graph.input, ...graph.initializer]) define(made, name);
  for (const node of graph.node) {
    expectRunnable(node, domains, provider);
    for (const input of node.input) {
      if (!made.has(input)) {
        throw new Error(
          `verifyModel: ${label(node)}: expected inputs made before it, got ${input}`,
        );
      }
    }
    node.output.forEach((name) => define(made, name));
  }
  for (const { name } of graph.output) {
    if (!made.has(name))
      throw new Error(`verifyModel: output ${name}: expected a node that makes it`);
  }
}

const label = (node: NodeProto): string => `${node.opType} ${node.output.join(", ")}`;

function expectNames(kind: string, infos: GraphProto["input"], expected: readonly string[]): void {
  const names = infos.map(({ name }) => name);
  if (names.join() !== expected.join()) {
    throw new Error(
      `verifyModel: ${kind}: expected ${expected.join(", ")}, got ${names.join(", ")}`,
    );
  }
}

function define(made: Set<string>, name: string): void {
  if (name === "" || made.has(name)) {
    throw new Error(`verifyModel: expected each name to be made once, got "${name}" again`);
  }
  made.add(name);
}

function expectRunnable(node: NodeProto, domains: ReadonlySet<string>, provider: Provider): void {
  const { opType, domain } = node;
  if (DRAWS.test(opType)) {
    throw new Error(
      `verifyModel: ${label(node)}: expected no operator that draws random numbers. ` +
        "Give what it draws as an input.",
    );
  }
  const kernel = domain === "" ? opType : `${domain}.${opType}`;
  if (!domains.has(domain) || !KERNELS[provider].has(kernel)) {
    throw new Error(
      `verifyModel: ${label(node)}: expected an operator of ${provider}, got ${kernel}`,
    );
  }
}

function expectBytes(tensor: TensorProto, model: OnnxModel): void {
  const { name, dims, dataType } = tensor;
  const dtype = DTYPES.get(dataType);
  if (!dtype)
    throw new Error(`verifyModel: ${name}: expected a known element type, got ${dataType}`);
  const expected = dims.reduce((product, extent) => product * Number(extent), 1) * BYTES[dtype];
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const external = tensor.dataLocation === TensorProto_DataLocation.EXTERNAL;
  const bytes = external ? Number(entries.get("length")) : tensor.rawData.length;
  if (bytes !== expected) {
    throw new Error(`verifyModel: ${name}: expected ${expected} bytes, got ${bytes}`);
  }
  const location = entries.get("location") ?? "";
  if (external && !model.externalFiles.has(location)) {
    throw new Error(`verifyModel: ${name}: expected a known file, got "${location}"`);
  }
}
