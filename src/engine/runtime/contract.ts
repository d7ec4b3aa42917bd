// What every runtime must keep, as cases that run wherever the runtime runs.

import type { ContractCase } from "./contract-case.js";
import { requestCases } from "./contract-requests.js";
import { runCases } from "./contract-runs.js";
import { valueCases } from "./contract-values.js";

export type { ContractCase } from "./contract-case.js";
export { contractFile } from "./contract-values.js";

export const runtimeContract: readonly ContractCase[] = [
  ...runCases,
  ...valueCases,
  ...requestCases,
];
