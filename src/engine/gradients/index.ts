// The gradient table: one rule per operator, complete by type.

import type { Value } from "../graph.js";
import type { OperatorName } from "../operators.js";
import { convolutionGradients } from "./convolution.js";
import { elementwiseGradients } from "./elementwise.js";
import { linearGradients } from "./linear.js";
import { reductionGradients } from "./reduction.js";
import { shapeGradients } from "./shape.js";

/** The gradients of a loss to the inputs of `y`, given its gradient `dy` to `y`; null where there is none. */
export type GradientRule<K extends OperatorName> = (
  y: Value<K>,
  dy: Value,
) => readonly (Value | null)[];

export type GradientTable<K extends OperatorName> = { readonly [Op in K]: GradientRule<Op> };

const noInputs = (): readonly null[] => [];

export const gradientRules: GradientTable<OperatorName> = {
  Input: noInputs,
  Constant: noInputs,
  External: noInputs,
  ...elementwiseGradients,
  ...reductionGradients,
  ...shapeGradients,
  ...linearGradients,
  ...convolutionGradients,
};
