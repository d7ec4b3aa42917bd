// What a run of training ends with.

import type { HostTensor } from "../core/tensor.js";
import type { Packing } from "../nn/packed-weights.js";

/** Weights at the end of a run. */
export interface Trained {
  readonly packing: Packing;
  /** The averaged weights, [packing.size]. */
  readonly average: HostTensor<"float32">;
  /** Steps that they have seen. */
  readonly step: number;
}
