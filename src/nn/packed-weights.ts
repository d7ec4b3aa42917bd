// All weights in one float32 vector, for training: the optimiser is a handful of operators on it.

import { FollowspotError } from "../core/errors.js";
import { formatShape, sizeOf } from "../core/shape.js";
import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import { concat, reshape, slice } from "../engine/functions.js";
import { gradient } from "../engine/gradient.js";
import type { Graph, Value } from "../engine/graph.js";
import { toFloat32 } from "../io/safetensors-dtype.js";
import { toCheckpointLayout, toGraphLayout } from "./layout.js";
import { findWeight, graphShape } from "./weights.js";
import type { Weights, WeightSpec } from "./weights.js";

/** Where each weight lies in the vector: matrices first, so that weight decay is a prefix. */
export class Packing {
  /** In the order of the vector. */
  readonly specs: readonly WeightSpec[];
  /** Elements of the vector. */
  readonly size: number;
  /** Elements of weights of rank 2 or more, at the start of the vector. */
  readonly decayed: number;
  private readonly offsets = new Map<string, number>();

  /** Throws when two specs share a name. */
  constructor(specs: readonly WeightSpec[]) {
    const matrices = specs.filter(({ shape }) => shape.length >= 2);
    this.specs = [...matrices, ...specs.filter(({ shape }) => shape.length < 2)];
    this.decayed = matrices.reduce((total, { shape }) => total + sizeOf(shape), 0);
    let offset = 0;
    for (const { name, shape } of this.specs) {
      if (this.offsets.has(name))
        throw new Error(`packing: expected each name once, got ${name} twice`);
      this.offsets.set(name, offset);
      offset += sizeOf(shape);
    }
    this.size = offset;
  }

  /** First element of a weight. Throws when the packing holds no such weight. */
  offsetOf(name: string): number {
    const offset = this.offsets.get(name);
    if (offset === undefined) throw new Error(`packing: expected a packed weight, got ${name}`);
    return offset;
  }

  /**
   * Tensors in the checkpoint's names and layout as one vector in the graph's layout.
   * Throws FollowspotError when a weight is missing or has another shape.
   */
  pack(tensors: ReadonlyMap<string, HostTensor>): Float32Array {
    const vector = new Float32Array(this.size);
    for (const spec of this.specs) {
      const { data } = toFloat32(findWeight(spec, tensors));
      const start = this.offsetOf(spec.name);
      toGraphLayout(spec, data, vector.subarray(start, start + data.length));
    }
    return vector;
  }

  /** A vector's weights by name, copied to the checkpoint's layout. Throws when its length is another. */
  unpack(vector: Float32Array): Map<string, HostTensor<"float32">> {
    if (vector.length !== this.size) {
      throw new FollowspotError(`unpack: expected ${this.size} values, got ${vector.length}.`);
    }
    return new Map(
      this.specs.map((spec) => {
        const start = this.offsetOf(spec.name);
        const values = vector.subarray(start, start + sizeOf(spec.shape));
        return [spec.name, floats(spec.shape, toCheckpointLayout(spec, values))];
      }),
    );
  }
}

/** Weights that are pieces of one vector of the graph, [packing.size]. */
export class PackedWeights implements Weights {
  readonly graph: Graph;

  constructor(
    private readonly vector: Value,
    private readonly packing: Packing,
  ) {
    this.graph = vector.graph;
    if (vector.shape.length !== 1 || vector.shape[0] !== packing.size) {
      throw new Error(
        `packed weights: expected a vector of ${packing.size}, got ${formatShape(vector.shape)}`,
      );
    }
  }

  /** Throws when the packing holds no such weight. */
  get(spec: WeightSpec): Value {
    return reshape(this.part(spec), graphShape(spec));
  }

  /**
   * The gradient of a scalar loss to the whole vector: each weight's own, one after another.
   * (Through the slices it would be a sum of as many padded vectors as there are weights.)
   */
  gradient(loss: Value): Value {
    return this.gradientPieces(loss, [{ start: 0, end: this.packing.size }])[0]!;
  }

  /** The same gradient in pieces, each from `start` to `end`, exclusive. */
  gradientPieces(
    loss: Value,
    pieces: readonly { readonly start: number; readonly end: number }[],
  ): Value[] {
    const { specs } = this.packing;
    // Of the parts, not of the weights: a layer that reshapes its weight reads the part itself.
    const parts = gradient(
      loss,
      specs.map((spec) => this.part(spec)),
    );
    return pieces.map(({ start, end }) => assemble(parts, start, end));
  }

  /** A weight's elements, [n]. */
  private part({ name, shape }: WeightSpec): Value {
    const start = this.packing.offsetOf(name);
    return slice(this.vector, 0, start, start + sizeOf(shape));
  }
}

/** What the elements from `start` to `end` of a vector are, put together from its pieces. */
export function assemble(pieces: readonly Value[], start: number, end: number): Value {
  let offset = 0;
  const within = pieces.flatMap((piece) => {
    const size = piece.shape[0]!;
    const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, size)];
    offset += size;
    return from < to ? [slice(piece, 0, from, to)] : [];
  });
  return concat(within, 0);
}
