// What a gradient rule is.

import type { Value } from "../graph.js";
import type { OperatorName } from "../operators.js";

/** The gradients of a loss to the inputs of `y`, given its gradient `dy` to `y`; null where there is none. */
export type GradientRule<K extends OperatorName> = (
  y: Value<K>,
  dy: Value,
) => readonly (Value | null)[];

export type GradientTable<K extends OperatorName> = { readonly [Op in K]: GradientRule<Op> };
