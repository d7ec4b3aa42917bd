// What an inference rule is.

import type { ValueType } from "../graph.js";
import type { OperatorAttributes, OperatorName } from "../operators.js";

export type InferenceRule<K extends OperatorName> = (
  inputs: readonly ValueType[],
  attributes: OperatorAttributes[K],
) => ValueType;

export type InferenceTable<K extends OperatorName> = { readonly [Op in K]: InferenceRule<Op> };

/** Throws unless there are `count` inputs. */
export function expectArity(op: string, inputs: readonly ValueType[], count: number): void {
  if (inputs.length !== count) {
    throw new Error(`${op}: expected ${count} inputs, got ${inputs.length}`);
  }
}
