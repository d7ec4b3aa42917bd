// The weights of Inception-v3 in a file: the 2015 graph's own names, kernels as [out, height, width, in].

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

import { FollowspotError } from "../../core/errors.js";
import type { HostTensor } from "../../core/tensor.js";
import { openSafetensors } from "../../io/safetensors.js";

/** Tensors by name: `<scope>.weight` [out, height, width, in] and `<scope>.bias` [out], batch norm folded in. */
export type InceptionTensors = ReadonlyMap<string, HostTensor<"float32">>;

export interface InceptionWeights {
  readonly path: string;
  readonly tensors: InceptionTensors;
  /** SHA-256 of the file, in hex. */
  readonly digest: string;
  /** Whether the file holds the last blocks and the classifier too. */
  readonly complete: boolean;
}

const REMEDY =
  "Give a safetensors file of the 2015 Inception-v3 in its graph's names; docs/evaluate.md says how to make one.";

/** Tensors without which there are no features of 768 numbers, and those without which none of 2,048. */
const FIRST = ["conv.weight", "mixed_7_tower_2_conv.weight"];
const LAST = ["mixed_9_tower_1_conv_1.weight", "mixed_10_tower_1_conv_1.weight", "softmax.weight"];

/** Throws FollowspotError when the file is missing, damaged or of another network. */
export async function readInceptionWeights(path: string): Promise<InceptionWeights> {
  const file = await openSafetensors(path);
  const missing = FIRST.find((name) => !file.tensors.has(name));
  if (missing !== undefined) {
    const got = [...file.tensors.keys()].slice(0, 3).join(", ");
    throw new FollowspotError(
      `inception: ${path}: expected the tensor ${missing}, got ${got || "none"} and others.`,
      { remedy: REMEDY },
    );
  }
  const tensors = await file.readAllFloat32();
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const complete = LAST.every((name) => tensors.has(name));
  return { path, tensors, digest: hash.digest("hex"), complete };
}

/** Throws FollowspotError, with the remedy, when no file was named. */
export function requireWeightsPath(path: string | undefined): string {
  if (path !== undefined && path !== "") return path;
  throw new FollowspotError(
    "inception: expected a file of weights, got none: they are not part of the package.",
    { remedy: REMEDY },
  );
}

/** A tensor by name. Throws FollowspotError when the file lacks it. */
export function tensorOf(tensors: InceptionTensors, name: string): HostTensor<"float32"> {
  const found = tensors.get(name);
  if (found) return found;
  throw new FollowspotError(`inception: expected the tensor ${name}, got a file without it.`, {
    remedy: "Ask for features of 768 numbers, or give the full weights.",
  });
}
