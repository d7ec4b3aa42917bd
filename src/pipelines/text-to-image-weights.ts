// The weights of one part of a pipeline folder: found, opened, and given to graphs without a copy.

import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import { FollowspotError } from "../core/errors.js";
import type { HostTensor } from "../core/tensor.js";
import type { Graph } from "../engine/graph.js";
import { readJsonObject } from "../io/json.js";
import { resolveModelFile } from "../io/model-folder.js";
import { refusePickle } from "../io/pickle.js";
import { openSafetensors } from "../io/safetensors.js";
import { ExternalWeights } from "../nn/external-weights.js";
import type { StoredWeight } from "../nn/external-weights.js";
import type { Weights } from "../nn/weights.js";

/** A part of a pipeline and the name of its weights. */
export interface PartFiles {
  readonly part: "unet" | "vae" | "text_encoder";
  /** File name without ending. */
  readonly stem: "diffusion_pytorch_model" | "model";
  /** A weight's name as the graph asks for it. */
  readonly rename?: (name: string) => string;
}

/** A part's weights, still in their files. */
export interface PartWeights {
  /** Real paths of the files. */
  readonly files: readonly string[];
  /** Bytes that the weights take as float32. */
  readonly bytes: number;
  /** The weights as values of a graph. */
  readonly in: (graph: Graph) => Weights;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * The names of a part's weight files in a folder: one file, its half-precision variant, or shards.
 *
 * @throws FollowspotError when there is none, or only a pickled one
 */
export async function weightFiles(folder: string, { part, stem }: PartFiles): Promise<string[]> {
  for (const name of [`${part}/${stem}.safetensors`, `${part}/${stem}.fp16.safetensors`]) {
    if (await exists(join(folder, name))) return [name];
  }
  const index = `${part}/${stem}.safetensors.index.json`;
  if (await exists(join(folder, index))) {
    const { weight_map: map } = await readJsonObject(await resolveModelFile(folder, index));
    // Only names beside the index: a path could lead out of the folder.
    return [...new Set(Object.values(map ?? {}))].map(
      (file) => `${part}/${basename(String(file))}`,
    );
  }
  for (const pickle of [`${part}/${stem}.bin`, `${part}/pytorch_model.bin`]) {
    if (await exists(join(folder, pickle))) refusePickle(join(folder, pickle));
  }
  throw new FollowspotError(`model: ${folder}: expected ${part}/${stem}.safetensors, got none.`);
}

/** Opens a part's weights: headers only, and bfloat16, which no provider reads from a file, as float32. */
export async function openPart(folder: string, files: PartFiles): Promise<PartWeights> {
  const { rename = (name) => name } = files;
  const stored = new Map<string, StoredWeight>();
  const converted = new Map<string, HostTensor>();
  const paths: string[] = [];
  let elements = 0;
  for (const name of await weightFiles(folder, files)) {
    const path = await resolveModelFile(folder, name);
    paths.push(path);
    const file = await openSafetensors(path);
    for (const [key, entry] of file.tensors) {
      elements += entry.shape.reduce((product, extent) => product * extent, 1);
      stored.set(rename(key), { ...entry, file: path });
      if (entry.dtype === "BF16") converted.set(rename(key), await file.readFloat32(key));
    }
  }
  return {
    files: paths,
    bytes: 4 * elements,
    in: (graph) => new ExternalWeights(graph, stored, converted),
  };
}
