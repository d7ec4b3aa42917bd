// Activations by the names that configurations give them.

import { FollowspotError } from "../core/errors.js";
import { gelu, quickGelu, relu, silu } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";

const ACTIVATIONS = { silu, swish: silu, gelu, quick_gelu: quickGelu, relu } as const;

/** An activation's function. Throws FollowspotError, listing those known, for any other name. */
export function activation(name: string): (x: Value) => Value {
  if (Object.hasOwn(ACTIVATIONS, name)) return ACTIVATIONS[name as keyof typeof ACTIVATIONS];
  const known = Object.keys(ACTIVATIONS).join(", ");
  throw new FollowspotError(`activation: expected one of ${known}, got ${name}.`);
}
