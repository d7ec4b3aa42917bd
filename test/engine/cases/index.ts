// All operator cases, by group.

import type { OperatorCase } from "./case.js";
import { convolutionCases } from "./convolution.js";
import { elementwiseCases } from "./elementwise.js";
import { linearCases } from "./linear.js";
import { shapeCases } from "./shape.js";

export const operatorCases: readonly OperatorCase[] = [
  ...elementwiseCases,
  ...shapeCases,
  ...linearCases,
  ...convolutionCases,
];
