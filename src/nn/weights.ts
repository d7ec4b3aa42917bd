// Where a layer's weights come from: one interface, so that a layer never knows whether they are
// constants of the graph, bytes of a safetensors file, or inputs of a training step.

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

/** A weight as the checkpoint names and stores it. */
export interface WeightSpec {
  readonly name: string;
  readonly role: WeightRole;
  /** Shape in the checkpoint's layout. */
  readonly shape: Shape;
}

/** Gives weights by name, in the graph's layout. */
export interface Weights {
  readonly graph: Graph;
  get(spec: WeightSpec): Value;
}

/** A weight's shape in the graph's layout. */
export function graphShape({ role, shape }: WeightSpec): number[] {
  if (role === "convolution") {
    const [o, i, kh, kw] = shape as [number, number, number, number];
    return [kh, kw, i, o];
  }
  return role === "linear" ? [shape[1]!, shape[0]!] : [...shape];
}

/** The permutation from the checkpoint's layout to the graph's. */
export function graphPermutation(role: WeightRole): readonly number[] | undefined {
  if (role === "convolution") return [2, 3, 1, 0];
  return role === "linear" ? [1, 0] : undefined;
}
