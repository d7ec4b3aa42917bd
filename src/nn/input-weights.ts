// Weights as inputs of the graph, one by one: for graphs that share buffers, and to list what a model needs.

import { Graph } from "../engine/graph.js";
import type { Value } from "../engine/graph.js";
import { graphShape } from "./weights.js";
import type { Weights, WeightSpec } from "./weights.js";

/** Each weight is a float32 input that bears its name, in the graph's layout. */
export class InputWeights implements Weights {
  private readonly known = new Map<string, WeightSpec>();

  constructor(readonly graph: Graph = new Graph()) {}

  /** The weights asked for so far, each once, in the order of first use. */
  get specs(): WeightSpec[] {
    return [...this.known.values()];
  }

  /** Throws when one name is asked for with two shapes. */
  get(spec: WeightSpec): Value {
    if (!this.known.has(spec.name)) this.known.set(spec.name, spec);
    return this.graph.input(spec.name, "float32", graphShape(spec));
  }
}

/** The weights that `build` asks for, each once, in the order of first use. */
export function collectSpecs(build: (weights: Weights) => void): WeightSpec[] {
  const weights = new InputWeights();
  build(weights);
  return weights.specs;
}
