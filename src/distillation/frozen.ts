// The trained vectors as other values: what is computed from them is not differentiated.

import { concat } from "../engine/functions.js";
import type { Graph, Value } from "../engine/graph.js";
import type { Packing } from "../nn/packed-weights.js";
import { pieceName, piecesOf } from "../training/pieces.js";
import type { StateName } from "../training/step.js";

/**
 * A state vector of a training step, [packing.size], put together from its pieces. The layers of a student read the
 * whole vector `parameters`, and gradients are taken of that; a value made of the pieces is another value, so no
 * gradient goes through it, and the trainer feeds the pieces anyway.
 */
export function frozenVector(graph: Graph, packing: Packing, name: StateName): Value {
  const pieces = piecesOf(packing.size).map(({ start, end }, i) =>
    graph.input(pieceName(name, i), "float32", [end - start]),
  );
  return concat(pieces, 0);
}
