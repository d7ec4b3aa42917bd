// Features of a whole set, batch by batch, pictures decoded beside the network.

import { lookAhead } from "../../io/dataset/index.js";
import type { PictureDataset } from "../../io/dataset/index.js";
import { permutation } from "../../training/data/streams.js";
import { featureMatrix } from "../features/matrix.js";
import type { FeatureMatrix } from "../features/matrix.js";
import type { Extractor } from "./extractor.js";

export interface DatasetFeaturesOptions {
  /** Pictures to take; all when absent. */
  readonly count?: number;
  /** Of the choice, where not all are taken; 0 when absent. */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

export interface DatasetFeatures {
  readonly features: FeatureMatrix;
  /** [count, classes], where the extractor has a classifier. */
  readonly logits?: Float32Array;
}

/** Features in the order of the choice. Throws as `pictures` of the set, and the signal's reason. */
export async function datasetFeatures(
  data: PictureDataset,
  extractor: Extractor,
  { count = data.count, seed = 0, signal, onProgress }: DatasetFeaturesOptions = {},
): Promise<DatasetFeatures> {
  const { batch, dimension, classes } = extractor;
  const chosen = choice(data.count, count, seed);
  const batches = lookAhead(data, (k) => [...chosen.subarray((k - 1) * batch, k * batch)], 1);
  const features = new Float32Array(count * dimension);
  const logits = new Float32Array(count * classes);
  for (let start = 0; start < count; start += batch) {
    signal?.throwIfAborted();
    const { pixels } = await batches(start / batch + 1);
    const made = await extractor.extract(pixels);
    features.set(made.features, start * dimension);
    if (made.logits) logits.set(made.logits, start * classes);
    onProgress?.(Math.min(count, start + batch));
  }
  const matrix = featureMatrix(features, dimension);
  return classes === 0 ? { features: matrix } : { features: matrix, logits };
}

/** All in their order, or some at random: sets are often sorted by class. */
function choice(all: number, count: number, seed: number): Uint32Array {
  if (count === all) return Uint32Array.from({ length: all }, (_, i) => i);
  return permutation(all, seed, 0).subarray(0, count);
}
