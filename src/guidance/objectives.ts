// Losses on attention maps, by the name under which a pullback asks for them.

import type { Graph, Value } from "../engine/graph.js";
import type { AttentionSite } from "../nn/attention.js";
import { placementLoss } from "./placement/objective.js";

/**
 * Builds a scalar loss from the maps [rows, heads, cells, positions] of the sites that a request reads,
 * as the network computes them, before any edit. Its own inputs it declares in the graph.
 */
export type ObjectiveBuilder = (graph: Graph, maps: ReadonlyMap<AttentionSite, Value>) => Value;

export const OBJECTIVES = {
  placement: placementLoss,
} as const satisfies Record<string, ObjectiveBuilder>;

export type ObjectiveName = keyof typeof OBJECTIVES;

/** Whether there is a loss of that name. */
export function isObjective(name: string): name is ObjectiveName {
  return Object.hasOwn(OBJECTIVES, name);
}
