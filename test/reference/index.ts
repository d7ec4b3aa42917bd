// A plain interpreter of graphs in float64: slow, and simple enough to be believed. Complete by type.

import { readFileSync } from "node:fs";
import { zeros } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { formatShape, sameShape } from "../../src/core/shape.js";
import { liveValues } from "../../src/engine/graph.js";
import type { Graph, Value } from "../../src/engine/graph.js";
import type { OperatorName } from "../../src/engine/operators.js";
import { convolutionReference } from "./convolution.js";
import { elementwiseReference } from "./elementwise.js";
import { linearReference } from "./linear.js";
import { reductionReference } from "./reduction.js";
import { shapeReference } from "./shape.js";
import { fromHost } from "./tensor.js";
import type { Reference } from "./tensor.js";

export type ReferenceRule<K extends OperatorName> = (
  value: Value<K>,
  inputs: readonly Reference[],
) => Reference;

export type ReferenceTable<K extends OperatorName> = { readonly [Op in K]: ReferenceRule<Op> };

/** The bytes of an external constant as a tensor. */
function readExternal(value: Value<"External">): Reference {
  const { file, offset, byteLength } = value.attributes.location;
  const host = zeros(value.dtype, value.shape);
  const bytes = new Uint8Array(host.data.buffer);
  bytes.set(readFileSync(file).subarray(offset, offset + byteLength));
  return fromHost(host);
}

const rules: ReferenceTable<Exclude<OperatorName, "Input">> = {
  Constant: ({ attributes }) => fromHost(attributes.value),
  External: readExternal,
  ...elementwiseReference,
  ...reductionReference,
  ...shapeReference,
  ...linearReference,
  ...convolutionReference,
};

function ruleOf(op: Exclude<OperatorName, "Input">): ReferenceRule<OperatorName> {
  return rules[op] as ReferenceRule<OperatorName>;
}

const isReference = (x: Reference | HostTensor): x is Reference => x.data instanceof Float64Array;

export type Feeds = Readonly<Record<string, Reference | HostTensor>>;

/** The outputs of a graph. Throws when a feed is missing, or an operator's result is not of the inferred type. */
export function evaluate(graph: Graph, feeds: Feeds): Record<string, Reference> {
  const known = new Map<number, Reference>();
  for (const value of liveValues(graph)) {
    const inputs = value.inputs.map((input) => known.get(input.id)!);
    const result =
      value.op === "Input" ? fed(value as Value<"Input">, feeds) : ruleOf(value.op)(value, inputs);
    if (result.dtype !== value.dtype || !sameShape(result.shape, value.shape)) {
      throw new Error(
        `${value.op}: the graph says ${value.dtype} ${formatShape(value.shape)}, ` +
          `the reference ${result.dtype} ${formatShape(result.shape)}`,
      );
    }
    known.set(value.id, result);
  }
  return Object.fromEntries(
    [...graph.outputs].map(([name, value]) => [name, known.get(value.id)!]),
  );
}

function fed(value: Value<"Input">, feeds: Feeds): Reference {
  const feed = feeds[value.attributes.name];
  if (!feed) throw new Error(`evaluate: input ${value.attributes.name} is missing`);
  return isReference(feed) ? feed : fromHost(feed);
}
