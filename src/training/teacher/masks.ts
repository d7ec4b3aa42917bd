// Masks of dropped activations, from a seeded stream: four elements of each of its numbers.

import type { Generator } from "../../core/generator.js";
import { sizeOf } from "../../core/shape.js";
import { tensor } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";

const STEPS = 256; // of the share that is dropped

/** The share of activations that are kept when `share` are to be dropped, which is rounded to 1/256. */
export function keepShare(share: number): number {
  return 1 - Math.round(share * STEPS) / STEPS;
}

/** A mask: 0 where an activation is dropped, else 1. */
export function drawMask(
  generator: Generator,
  shape: readonly number[],
  share: number,
): HostTensor<"bool"> {
  const mask = new Uint8Array(sizeOf(shape));
  const dropped = Math.round(share * STEPS);
  for (let i = 0; i < mask.length; i += 4) {
    const bits = generator.uint32();
    const end = Math.min(i + 4, mask.length);
    for (let j = i, shift = 0; j < end; j++, shift += 8) {
      mask[j] = ((bits >>> shift) & 0xff) < dropped ? 0 : 1;
    }
  }
  return tensor("bool", shape, mask);
}
