// Weights as bytes of a safetensors file that the provider reads itself: no copy through this process.

import { FollowspotError } from "../core/errors.js";
import type { DType } from "../core/dtype.js";
import type { HostTensor } from "../core/tensor.js";
import { cast, transpose } from "../engine/functions.js";
import type { Graph, Value } from "../engine/graph.js";
import type { TensorEntry } from "../io/safetensors.js";
import { ConstantWeights } from "./constant-weights.js";
import { findWeight, graphPermutation } from "./weights.js";
import type { Weights, WeightSpec } from "./weights.js";

/** A weight in a file: where it lies there. */
export interface StoredWeight extends TensorEntry {
  readonly file: string;
}

const DTYPES: Partial<Record<TensorEntry["dtype"], DType>> = { F32: "float32", F16: "float16" };

/**
 * Weights that stay in their files; the provider converts and transposes them when it opens the graph.
 * `converted` holds those that no provider reads from a file (bfloat16), as float32.
 */
export class ExternalWeights implements Weights {
  private readonly constants: ConstantWeights;

  constructor(
    readonly graph: Graph,
    private readonly stored: ReadonlyMap<string, StoredWeight>,
    private readonly converted: ReadonlyMap<string, HostTensor> = new Map(),
  ) {
    this.constants = new ConstantWeights(graph, converted);
  }

  /** Throws FollowspotError when the weight is missing, has another shape or is neither F32 nor F16. */
  get(spec: WeightSpec): Value {
    if (this.converted.has(spec.name)) return this.constants.get(spec);
    const { dtype: stored, shape, ...location } = findWeight(spec, this.stored);
    const dtype = DTYPES[stored];
    if (!dtype) {
      throw new FollowspotError(`weight ${spec.name}: expected F32 or F16, got ${stored}.`);
    }
    const value = cast(this.graph.external(dtype, shape, location), "float32");
    const permutation = graphPermutation(spec.role);
    return permutation ? transpose(value, permutation) : value;
  }
}
