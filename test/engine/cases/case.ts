// One case: inputs by shape, and a value built of them. Everything checked of a case follows from these.

import type { Value } from "../../../src/engine/graph.js";
import { specOf } from "../inputs.js";
import type { InputLike, InputSpec } from "../inputs.js";

export interface OperatorCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly build: (inputs: Readonly<Record<string, Value>>) => Value;
}

export function caseOf<K extends string>(
  name: string,
  inputs: Readonly<Record<K, InputLike>>,
  build: (inputs: Readonly<Record<K, Value>>) => Value,
): OperatorCase {
  const specs = Object.entries<InputLike>(inputs).map(([key, input]) => [key, specOf(input)]);
  return { name, inputs: Object.fromEntries(specs) as Record<K, InputSpec>, build };
}
