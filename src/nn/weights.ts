// Where a layer's weights come from: one interface, so that a layer never knows whether they are
// constants of the graph, bytes of a safetensors file, or inputs of a training step.

import { FollowspotError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import type { Shape } from "../core/shape.js";
import type { Graph, Value } from "../engine/graph.js";

/** What a weight is for; it decides the layout in which the graph wants it. */
export type WeightRole =
  /** Checkpoint [O, I / groups, kh, kw]; graph [kh, kw, I / groups, O]. */
  | "convolution"
  /** Checkpoint [out, in]; graph [in, out]. */
  | "linear"
  /** Checkpoint and graph [rows, width]. */
  | "table"
  /** Checkpoint and graph [n]. */
  | "vector";

/** How a weight starts when it is trained from nothing. */
export type Initialisation =
  /** Uniform in [-bound, bound). */
  | { readonly kind: "uniform"; readonly bound: number }
  /** Normal with mean 0 and the given standard deviation. */
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "constant"; readonly value: number };

/** A weight as the checkpoint names and stores it. */
export interface WeightSpec {
  readonly name: string;
  readonly role: WeightRole;
  /** Shape in the checkpoint's layout. */
  readonly shape: Shape;
  readonly init: Initialisation;
}

/** Gives weights by name, in the graph's layout. */
export interface Weights {
  readonly graph: Graph;
  get(spec: WeightSpec): Value;
}

/** A weight's shape in the graph's layout. */
export function graphShape({ role, shape }: Pick<WeightSpec, "role" | "shape">): number[] {
  const permutation = graphPermutation(role);
  return permutation ? permutation.map((axis) => shape[axis]!) : [...shape];
}

/** The permutation from the checkpoint's layout to the graph's. */
export function graphPermutation(role: WeightRole): readonly number[] | undefined {
  if (role === "convolution") return [2, 3, 1, 0];
  return role === "linear" ? [1, 0] : undefined;
}

/** The same weights under names that start with `prefix.`. */
export function scoped(weights: Weights, prefix: string): Weights {
  return {
    graph: weights.graph,
    get: (spec) => weights.get({ ...spec, name: `${prefix}.${spec.name}` }),
  };
}

/**
 * The entry of a weight among those that were found, checked against its spec.
 * Throws FollowspotError, naming the weight, when it is missing or has another shape.
 */
export function findWeight<T extends { readonly shape: Shape }>(
  spec: WeightSpec,
  found: ReadonlyMap<string, T>,
): T {
  const expected = `weight ${spec.name}: expected shape ${formatShape(spec.shape)}`;
  const entry = found.get(spec.name);
  const remedy = "The checkpoint does not fit its config.json.";
  if (!entry) throw new FollowspotError(`${expected}, got no such weight.`, { remedy });
  if (!sameShape(entry.shape, spec.shape)) {
    throw new FollowspotError(`${expected}, got ${formatShape(entry.shape)}.`, { remedy });
  }
  return entry;
}
