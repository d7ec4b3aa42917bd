// Weights as constants of the graph, from tensors in host memory: fast inference of small models.

import { sizeOf } from "../core/shape.js";
import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import type { Graph, Value } from "../engine/graph.js";
import { toFloat32 } from "../io/safetensors-dtype.js";
import { toGraphLayout } from "./layout.js";
import { findWeight, graphShape } from "./weights.js";
import type { Weights, WeightSpec } from "./weights.js";

/** Weights from tensors in the checkpoint's names and layout, of any float type. */
export class ConstantWeights implements Weights {
  constructor(
    readonly graph: Graph,
    private readonly tensors: ReadonlyMap<string, HostTensor>,
  ) {}

  /** Throws FollowspotError when the weight is missing or has another shape. */
  get(spec: WeightSpec): Value {
    const { data } = toFloat32(findWeight(spec, this.tensors));
    const values = new Float32Array(sizeOf(spec.shape));
    toGraphLayout(spec, data, values);
    return this.graph.constant(floats(graphShape(spec), values), spec.name);
  }
}
