// How much contrast pictures have: what a chain that begins at too few steps lacks, told without a network.

import { openDataset } from "../../src/io/dataset/index.js";

/** What is kept of a row's pictures. */
export interface Contrast {
  /** Pictures of each set. */
  readonly count: number;
  readonly pictures: number;
  /** That of the training set. */
  readonly data: number;
}

/** Levels from black to the middle. */
const HALF_RANGE = 127.5;
const BATCH = 100;

/** The standard deviation of the levels [places, channels] of a picture, of each channel, on a scale from -1 to 1: their mean. */
export function contrastOf(levels: Uint8Array, channels: number): number {
  const places = levels.length / channels;
  let total = 0;
  for (let channel = 0; channel < channels; channel++) {
    let [sum, squares] = [0, 0];
    for (let i = channel; i < levels.length; i += channels) {
      sum += levels[i]!;
      squares += levels[i]! ** 2;
    }
    total += Math.sqrt(Math.max(0, squares / places - (sum / places) ** 2)) / HALF_RANGE;
  }
  return total / channels;
}

/** The mean contrast of `count` pictures of a set, evenly spread over it, for sets lie sorted by class. */
export async function meanContrast(
  path: string,
  options: { readonly size: number; readonly count: number },
): Promise<number> {
  const set = await openDataset(path, { size: options.size });
  try {
    const count = Math.min(options.count, set.count);
    const indices = Array.from({ length: count }, (_, i) => Math.floor((i * set.count) / count));
    let total = 0;
    for (let at = 0; at < count; at += BATCH) {
      const { pixels } = await set.pictures(indices.slice(at, at + BATCH));
      const each = set.size ** 2 * set.channels;
      for (let i = 0; i < pixels.length; i += each) {
        total += contrastOf(pixels.subarray(i, i + each), set.channels);
      }
    }
    return total / count;
  } finally {
    await set.close();
  }
}
