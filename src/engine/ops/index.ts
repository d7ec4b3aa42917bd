// Shape and type inference: one rule per operator, complete by type.

import type { Value, ValueType } from "../graph.js";
import type { OperatorAttributes, OperatorName } from "../operators.js";
import { convolutionTypes } from "./convolution.js";
import { elementwiseTypes } from "./elementwise.js";
import { linearTypes } from "./linear.js";
import { reductionTypes } from "./reduction.js";
import { shapeTypes } from "./shape.js";

export type InferenceRule<K extends OperatorName> = (
  inputs: readonly ValueType[],
  attributes: OperatorAttributes[K],
) => ValueType;

export type InferenceTable<K extends OperatorName> = { readonly [Op in K]: InferenceRule<Op> };

type Source = "Input" | "Constant" | "External";

const rules: InferenceTable<Exclude<OperatorName, Source>> = {
  ...elementwiseTypes,
  ...reductionTypes,
  ...shapeTypes,
  ...linearTypes,
  ...convolutionTypes,
};

/** The type of an operator's output. Throws, naming the operator, when the inputs do not fit. */
export function inferType<K extends OperatorName>(
  op: K,
  inputs: readonly Value[],
  attributes: OperatorAttributes[K],
): ValueType {
  if (!(op in rules)) throw new Error(`${op}: a source has no inputs to infer a type from`);
  const rule = rules[op as Exclude<OperatorName, Source>] as unknown as InferenceRule<K>;
  const { dtype, shape } = rule(inputs, attributes);
  if (!shape.every((extent) => Number.isInteger(extent) && extent >= 0)) {
    throw new Error(`${op}: expected whole extents, got ${shape.join("x")}`);
  }
  return { dtype, shape };
}

/** Throws unless there are `count` inputs. */
export function expectArity(op: string, inputs: readonly ValueType[], count: number): void {
  if (inputs.length !== count) {
    throw new Error(`${op}: expected ${count} inputs, got ${inputs.length}`);
  }
}
