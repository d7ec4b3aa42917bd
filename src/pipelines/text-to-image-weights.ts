// The weights of one part of a pipeline: found, opened, and given to graphs without a copy.

import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import type { HostTensor } from "../core/tensor.js";
import type { Graph } from "../engine/graph.js";
import { readSourceJsonAs } from "../io/model-source.js";
import type { ModelSource } from "../io/model-source.js";
import { refusePickle } from "../io/pickle.js";
import { readSafetensors } from "../io/safetensors-file.js";
import { ExternalWeights } from "../nn/external-weights.js";
import type { StoredWeight } from "../nn/external-weights.js";
import type { Weights } from "../nn/weights.js";

/** The folder of a network for another number of steps. */
export type OtherUNet = `unet_${string}`;

/** A part of a pipeline and the name of its weights. */
export interface PartFiles {
  readonly part: "unet" | OtherUNet | "vae" | "text_encoder";
  /** File name without ending. */
  readonly stem: "diffusion_pytorch_model" | "model";
  /** A weight's name as the graph asks for it. */
  readonly rename?: (name: string) => string;
}

/** A part's weights, still in their files. */
export interface PartWeights {
  /** Bytes that the weights take as float32. */
  readonly bytes: number;
  /** The weights as values of a graph. */
  readonly in: (graph: Graph) => Weights;
}

/** Where an index says each weight is. */
const shardIndex = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * The names of a part's weight files: one file, its half-precision variant, or shards.
 *
 * @throws FollowspotError when there is none, or only a pickled one
 */
export async function weightFiles(
  source: ModelSource,
  { part, stem }: PartFiles,
): Promise<string[]> {
  for (const name of [`${part}/${stem}.safetensors`, `${part}/${stem}.fp16.safetensors`]) {
    if (await source.has(name)) return [name];
  }
  const index = `${part}/${stem}.safetensors.index.json`;
  if (await source.has(index)) {
    const { weight_map: map } = await readSourceJsonAs(source, index, shardIndex);
    // Only names beside the index: a path could lead out of the folder.
    return [...new Set(Object.values(map))].map(
      (file) => `${part}/${file.replace(/^.*[\\/]/, "")}`,
    );
  }
  for (const pickle of [`${part}/${stem}.bin`, `${part}/pytorch_model.bin`]) {
    if (await source.has(pickle)) refusePickle(`${source.name}/${pickle}`);
  }
  throw new FollowspotError(
    `model: ${source.name}: expected ${part}/${stem}.safetensors, got none.`,
  );
}

/** Opens a part's weights: headers only, and bfloat16, which no provider reads from a file, as float32. */
export async function openPart(source: ModelSource, files: PartFiles): Promise<PartWeights> {
  const { rename = (name) => name } = files;
  const stored = new Map<string, StoredWeight>();
  const converted = new Map<string, HostTensor>();
  let elements = 0;
  for (const name of await weightFiles(source, files)) {
    const file = await readSafetensors(await source.open(name));
    for (const [key, entry] of file.tensors) {
      elements += entry.shape.reduce((product, extent) => product * extent, 1);
      stored.set(rename(key), { ...entry, file: file.path });
      if (entry.dtype === "BF16") converted.set(rename(key), await file.readFloat32(key));
    }
  }
  return {
    bytes: 4 * elements,
    in: (graph) => new ExternalWeights(graph, stored, converted),
  };
}
