// Shape and type inference: one rule per operator, complete by type.

import type { Value, ValueType } from "../graph.js";
import type { OperatorAttributes, OperatorName } from "../operators.js";
import { convolutionTypes } from "./convolution.js";
import { elementwiseTypes } from "./elementwise.js";
import { linearTypes } from "./linear.js";
import type { InferenceRule, InferenceTable } from "./rule.js";
import { reductionTypes } from "./reduction.js";
import { shapeTypes } from "./shape.js";

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
