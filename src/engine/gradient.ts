// Reverse-mode differentiation: one walk over the graph, one rule per operator.

import { floats } from "../core/tensor.js";
import { sizeOf } from "../core/shape.js";
import { add, expand } from "./functions.js";
import type { Value } from "./graph.js";
import { gradientRules } from "./gradients/index.js";
import type { GradientRule } from "./gradients/rule.js";
import type { OperatorName } from "./operators.js";

/**
 * The gradients of a scalar `loss` to each of `targets`, as values of the same graph.
 * A target that the loss does not depend on has a gradient of zeros.
 * Throws when `loss` is no float32 scalar.
 */
export function gradient(loss: Value, targets: readonly Value[]): Value[] {
  if (sizeOf(loss.shape) !== 1 || loss.dtype !== "float32") {
    throw new Error(
      `gradient: expected a float32 scalar, got ${loss.dtype} ${loss.shape.join("x")}`,
    );
  }
  const { graph } = loss;
  const active = dependents(loss, targets);
  const gradients = new Map<number, Value>();
  gradients.set(loss.id, graph.constant(floats(loss.shape, new Float32Array(1).fill(1))));
  for (let id = loss.id; id >= 0; id--) {
    const y = graph.values[id]!;
    const dy = gradients.get(id);
    if (!dy || !active.has(id)) continue;
    const rule = gradientRules[y.op] as GradientRule<OperatorName>;
    rule(y, dy).forEach((dx, i) => {
      const x = y.inputs[i]!;
      if (!dx || !active.has(x.id)) return;
      const known = gradients.get(x.id);
      gradients.set(x.id, known ? add(known, dx) : dx);
    });
  }
  const zero = (shape: readonly number[]): Value => expand(graph.scalar(0), shape);
  return targets.map((target) => gradients.get(target.id) ?? zero(target.shape));
}

/** Ids of the values that depend on a target, the targets included. */
function dependents(loss: Value, targets: readonly Value[]): Set<number> {
  const active = new Set(targets.map((target) => target.id));
  for (const value of loss.graph.values.slice(0, loss.id + 1)) {
    if (value.inputs.some((input) => active.has(input.id))) active.add(value.id);
  }
  return active;
}
