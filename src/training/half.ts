// Trained weights as they are shipped: half precision, in the checkpoint's names and layout.

import { FollowspotError } from "../core/errors.js";
import { float32ToFloat16 } from "../core/float16.js";
import { tensor } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";

const INFINITE = 0x7c00; // all bits of the exponent: infinity or no number

/**
 * A weight in half precision.
 *
 * @throws FollowspotError when a value is beyond half precision, 65504, or no number
 */
export function toHalf(name: string, weight: HostTensor<"float32">): HostTensor<"float16"> {
  const halves = float32ToFloat16(weight.data);
  const at = halves.findIndex((half) => (half & INFINITE) === INFINITE);
  if (at >= 0) {
    const got = weight.data[at];
    throw new FollowspotError(`export: ${name}: expected values within ±65504, got ${got}.`);
  }
  return tensor("float16", weight.shape, halves);
}

/** The weights under a prefix, without the prefix. */
export function weightsUnder(
  prefix: string,
  weights: ReadonlyMap<string, HostTensor<"float32">>,
): Map<string, HostTensor<"float32">> {
  const own = [...weights].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, weight]) => [name.slice(prefix.length), weight] as const));
}

/** The weights under a prefix, in half precision and without the prefix. */
export function halvesUnder(
  prefix: string,
  weights: ReadonlyMap<string, HostTensor<"float32">>,
): Map<string, HostTensor<"float16">> {
  const own = [...weightsUnder(prefix, weights)];
  return new Map(own.map(([name, weight]) => [name, toHalf(prefix + name, weight)] as const));
}
