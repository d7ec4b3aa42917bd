// A graph of typed, shaped values in static single assignment; equal nodes are the same node.

import type { DType } from "../core/dtype.js";
import { formatShape, sizeOf } from "../core/shape.js";
import type { Shape } from "../core/shape.js";
import type { HostTensor } from "../core/tensor.js";
import type { ExternalLocation, OperatorAttributes, OperatorName } from "./operators.js";
import { inferType } from "./ops/index.js";

/** The type of a value: that of its elements, and their shape. */
export interface ValueType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** One value of a graph: the single output of one operator. */
export interface Value<K extends OperatorName = OperatorName> extends ValueType {
  readonly id: number;
  readonly graph: Graph;
  readonly op: K;
  readonly inputs: readonly Value[];
  readonly attributes: OperatorAttributes[K];
}

/** Narrows a value to the operator that makes it. */
export function isOp<K extends OperatorName>(value: Value, op: K): value is Value<K> {
  return value.op === op;
}

/** Builds and holds a graph: values in topological order, named inputs and named outputs. */
export class Graph {
  readonly values: Value[] = [];
  readonly inputs = new Map<string, Value>();
  readonly outputs = new Map<string, Value>();
  private readonly interned = new Map<string, Value>();

  /** A named input with a fixed type. Throws when the name is taken with another type. */
  input(name: string, dtype: DType, shape: Shape): Value {
    checkName("input", name);
    const known = this.inputs.get(name);
    if (known && (known.dtype !== dtype || known.shape.join() !== shape.join())) {
      throw new Error(
        `input: expected ${name} as it was declared, ${formatType(known)}, got ${formatType({ dtype, shape })}`,
      );
    }
    if (known) return known;
    const value = this.append("Input", [], { name }, { dtype, shape });
    this.inputs.set(name, value);
    return value;
  }

  /** A constant held by the graph. Constants with one `name`, and small equal ones, are one value. */
  constant(value: HostTensor, name?: string): Value {
    const content = name ?? (sizeOf(value.shape) <= 64 ? contentOf(value) : undefined);
    const key =
      content === undefined
        ? undefined
        : `Constant|${value.dtype}|${value.shape.join()}|${content}`;
    const known = key === undefined ? undefined : this.interned.get(key);
    if (known) return known;
    const made = this.append("Constant", [], { value }, { dtype: value.dtype, shape: value.shape });
    if (key !== undefined) this.interned.set(key, made);
    return made;
  }

  /** A float32 scalar. */
  scalar(value: number): Value {
    return this.constant({ dtype: "float32", shape: [], data: Float32Array.of(value) });
  }

  /** A constant whose bytes stay in a file (ONNX external data). */
  external(dtype: DType, shape: Shape, location: ExternalLocation): Value {
    const key = `External|${location.file}|${location.offset}|${dtype}|${shape.join()}`;
    const known = this.interned.get(key);
    if (known) return known;
    const made = this.append("External", [], { location }, { dtype, shape });
    this.interned.set(key, made);
    return made;
  }

  /** Applies an operator. Throws when the inputs do not fit it. */
  apply<K extends OperatorName>(
    op: K,
    inputs: readonly Value[],
    attributes: OperatorAttributes[K],
  ): Value {
    const key = keyOf(op, inputs, attributes);
    const known = this.interned.get(key);
    if (known) return known;
    for (const value of inputs) {
      if (value.graph !== this)
        throw new Error(`${op}: expected values of one graph, got another's`);
    }
    const made = this.append(op, inputs, attributes, inferType(op, inputs, attributes));
    this.interned.set(key, made);
    return made;
  }

  /** The value that `apply` would give, when the graph holds it already. */
  find<K extends OperatorName>(
    op: K,
    inputs: readonly Value[],
    attributes: OperatorAttributes[K],
  ): Value | undefined {
    return this.interned.get(keyOf(op, inputs, attributes));
  }

  /** Names a value as an output. Throws when the name is taken. */
  output(name: string, value: Value): Value {
    if (value.graph !== this) {
      throw new Error(`output: expected a value of this graph as ${name}, got another's`);
    }
    checkName("output", name);
    if (this.outputs.has(name)) {
      throw new Error(`output: expected a new name, got ${name}, which another output has`);
    }
    this.outputs.set(name, value);
    return value;
  }

  private append<K extends OperatorName>(
    op: K,
    inputs: readonly Value[],
    attributes: OperatorAttributes[K],
    type: ValueType,
  ): Value {
    const value: Value = { id: this.values.length, graph: this, op, inputs, attributes, ...type };
    Object.defineProperty(value, "graph", { enumerable: false });
    this.values.push(value);
    return value;
  }
}

const formatType = ({ dtype, shape }: ValueType): string => `${dtype} ${formatShape(shape)}`;

function keyOf(op: OperatorName, inputs: readonly Value[], attributes: object): string {
  return `${op}|${inputs.map((value) => value.id).join()}|${JSON.stringify(attributes)}`;
}

// Emitted models name their inner values with a leading underscore.
function checkName(kind: string, name: string): void {
  if (name === "" || name.startsWith("_")) {
    throw new Error(`${kind}: expected a name without a leading underscore, got "${name}"`);
  }
}

/** The elements as text that tells 0 from -0. */
function contentOf({ data }: HostTensor): string {
  return Array.from<number | bigint, string>(data, (x) =>
    Object.is(x, -0) ? "-0" : String(x),
  ).join();
}

/** The values that the outputs need, in topological order. */
export function liveValues(graph: Graph): Value[] {
  const live = new Set<number>();
  const pending = [...graph.outputs.values()];
  for (let value = pending.pop(); value; value = pending.pop()) {
    if (live.has(value.id)) continue;
    live.add(value.id);
    pending.push(...value.inputs);
  }
  return graph.values.filter((value) => live.has(value.id));
}
