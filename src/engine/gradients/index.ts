// The gradient table: one rule per operator, complete by type.

import type { OperatorName } from "../operators.js";
import { convolutionGradients } from "./convolution.js";
import { elementwiseGradients } from "./elementwise.js";
import { linearGradients } from "./linear.js";
import { reductionGradients } from "./reduction.js";
import type { GradientTable } from "./rule.js";
import { shapeGradients } from "./shape.js";

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
