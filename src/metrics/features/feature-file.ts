// Features kept in a file that says what they are of, so that a reference is looked at once.

import { createHash } from "node:crypto";
import { access, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { floats } from "../../core/tensor.js";
import { fileError } from "../../io/file-error.js";
import { openSafetensors, writeSafetensors } from "../../io/safetensors.js";
import { featureMatrix } from "./matrix.js";
import type { FeatureMatrix } from "./matrix.js";

/** All that features depend on. */
export interface FeatureKey {
  /** Digest of the set of pictures. */
  readonly pictures: string;
  /** Digest of the network's weights. */
  readonly weights: string;
  /** How pictures are brought before the network. */
  readonly input: string;
  readonly dimension: number;
  readonly count: number;
  /** Of the choice of `count` pictures. */
  readonly seed: number;
}

const TENSOR = "features";

const textOf = ({ pictures, weights, input, dimension, count, seed }: FeatureKey): string =>
  JSON.stringify({ pictures, weights, input, dimension, count, seed });

/** The file for a key: its name is the key's digest. */
export function featurePath(folder: string, key: FeatureKey): string {
  const digest = createHash("sha256").update(textOf(key)).digest("hex");
  return join(folder, `features-${digest.slice(0, 16)}.safetensors`);
}

/** Kept features; undefined when there are none of this key. Throws FollowspotError for a damaged file. */
export async function readFeatures(
  folder: string,
  key: FeatureKey,
): Promise<FeatureMatrix | undefined> {
  const path = featurePath(folder, key);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (!there) return undefined;
  const file = await openSafetensors(path);
  if (file.metadata["of"] !== textOf(key)) return undefined;
  return featureMatrix((await file.readFloat32(TENSOR)).data, key.dimension);
}

/**
 * Keeps features under their key; the folder is made if need be. Returns the path.
 *
 * @throws FollowspotError when the system refuses
 */
export async function writeFeatures(
  folder: string,
  key: FeatureKey,
  { count, dimension, data }: FeatureMatrix,
): Promise<string> {
  const path = featurePath(folder, key);
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw fileError("features", folder, error);
  });
  await writeSafetensors(path, [[TENSOR, floats([count, dimension], data)]], { of: textOf(key) });
  return path;
}
