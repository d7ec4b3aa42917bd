// Collects the nodes and initialisers of one ONNX model.

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DType } from "../../core/dtype.js";
import type { HostTensor } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import { AttributeProto_AttributeType, TensorProto_DataLocation } from "./generated/onnx_pb.js";
import type {
  AttributeProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
} from "./generated/onnx_pb.js";

/** ONNX element types by dtype. */
export const ELEMENT_TYPES: Record<DType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

export type AttributeValue =
  number | bigint | string | readonly number[] | { readonly float: number };

function attribute(
  name: string,
  value: AttributeValue,
): MessageInitShape<typeof AttributeProtoSchema> {
  const type = AttributeProto_AttributeType;
  if (typeof value === "string")
    return { name, s: new TextEncoder().encode(value), type: type.STRING };
  if (typeof value === "object" && "float" in value)
    return { name, f: value.float, type: type.FLOAT };
  if (typeof value === "object") return { name, ints: value.map(BigInt), type: type.INTS };
  return { name, i: BigInt(value), type: type.INT };
}

/** Collects the nodes and initialisers of one model. */
export class OnnxBuilder {
  readonly nodes: MessageInitShape<typeof NodeProtoSchema>[] = [];
  readonly initializers: MessageInitShape<typeof TensorProtoSchema>[] = [];
  readonly externalFiles = new Map<string, string>();
  private readonly names = new Map<number, string>();
  private readonly shared = new Map<string, string>();
  private count = 0;

  nameOf(value: Value): string {
    return this.names.get(value.id) ?? `_v${value.id}`;
  }

  rename(value: Value, name: string): void {
    this.names.set(value.id, name);
  }

  node(
    opType: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
    options: { output?: string; domain?: string } = {},
  ): string {
    const output = options.output ?? `_t${this.count++}`;
    this.nodes.push({
      opType,
      input: [...inputs],
      output: [output],
      name: output,
      domain: options.domain ?? "",
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    return output;
  }

  initializer(name: string, { dtype, shape, data }: HostTensor): string {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push({
      name,
      dims: shape.map(BigInt),
      dataType: ELEMENT_TYPES[dtype],
      rawData,
    });
    return name;
  }

  /** An int64 initialiser, one per distinct content. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.once(`i ${shape.join()} ${values.join()}`, { dtype: "int64", shape, data });
  }

  /** A float32 initialiser filled with one value, one per distinct content. */
  filled(value: number, shape: readonly number[]): string {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value);
    return this.once(`f ${shape.join()} ${value}`, { dtype: "float32", shape, data });
  }

  private once(key: string, value: HostTensor): string {
    const known = this.shared.get(key);
    if (known) return known;
    const name = this.initializer(`_c${this.count++}`, value);
    this.shared.set(key, name);
    return name;
  }

  external(value: Value<"External">): void {
    const { file, offset, byteLength } = value.attributes.location;
    let location = [...this.externalFiles].find(([, path]) => path === file)?.[0];
    if (!location) this.externalFiles.set((location = `weights${this.externalFiles.size}`), file);
    this.initializers.push({
      name: this.nameOf(value),
      dims: value.shape.map(BigInt),
      dataType: ELEMENT_TYPES[value.dtype],
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: [
        { key: "location", value: location },
        { key: "offset", value: String(offset) },
        { key: "length", value: String(byteLength) },
      ],
    });
  }
}
