// Writes a graph as an ONNX model: one emission rule per operator, constants as initialisers.

import { create, toBinary } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DType } from "../../core/dtype.js";
import { liveValues } from "../graph.js";
import type { Graph, Value } from "../graph.js";
import type { OperatorName } from "../operators.js";
import { emissions } from "./emit.js";
import type { Emission } from "./emit.js";
import { ELEMENT_TYPES, OnnxBuilder } from "./builder.js";
import { ModelProtoSchema } from "./generated/onnx_pb.js";
import type { ValueInfoProtoSchema } from "./generated/onnx_pb.js";

const IR_VERSION = 10n;
const OPSET = 21n;

/** An ONNX model: its bytes and the files that its external constants point into. */
export interface OnnxModel {
  readonly bytes: Uint8Array;
  readonly inputs: ReadonlyMap<
    string,
    { readonly dtype: DType; readonly shape: readonly number[] }
  >;
  readonly outputs: readonly string[];
  /** External location name in the model -> path of the file. */
  readonly externalFiles: ReadonlyMap<string, string>;
}

function valueInfo(
  name: string,
  { dtype, shape }: Pick<Value, "dtype" | "shape">,
): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((extent) => ({ dimValue: BigInt(extent) }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[dtype], shape: { dim } } } };
}

const SOURCES: readonly OperatorName[] = ["Input", "Constant", "External"];

/** Lets computed values bear their output's name; returns the names given. A second name, or a source's, is a copy. */
function nameOutputs(graph: Graph, builder: OnnxBuilder): Set<string> {
  const first = new Map<Value, string>();
  for (const [name, value] of graph.outputs) {
    if (!SOURCES.includes(value.op) && !first.has(value)) first.set(value, name);
  }
  for (const [value, name] of first) builder.rename(value, name);
  return new Set(first.values());
}

/** Writes the live part of a graph. Every declared input stays an input, in order. */
export function toOnnx(graph: Graph): OnnxModel {
  const builder = new OnnxBuilder();
  for (const [name, value] of graph.inputs) builder.rename(value, name);
  const named = nameOutputs(graph, builder);
  for (const value of liveValues(graph)) {
    const emit = emissions[value.op] as Emission<OperatorName>;
    emit(value, builder);
  }
  for (const [name, value] of graph.outputs) {
    if (!named.has(name)) builder.node("Identity", [builder.nameOf(value)], {}, { output: name });
  }
  const inputs = [...graph.inputs].map(([name, value]) => valueInfo(name, value));
  const outputs = [...graph.outputs].map(([name, value]) => valueInfo(name, value));
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "followspot",
    opsetImport: [
      { domain: "", version: OPSET },
      { domain: "com.microsoft", version: 1n },
    ],
    graph: {
      name: "followspot",
      node: builder.nodes,
      initializer: builder.initializers,
      input: inputs,
      output: outputs,
    },
  });
  return {
    bytes: toBinary(ModelProtoSchema, model),
    inputs: new Map([...graph.inputs].map(([name, { dtype, shape }]) => [name, { dtype, shape }])),
    outputs: [...graph.outputs.keys()],
    externalFiles: builder.externalFiles,
  };
}
