// The weights that a run begins with: a trained model's where a folder is named, fresh ones for what it lacks.

import { FollowspotError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import type { HostTensor } from "../../core/tensor.js";
import { resolveModelFile } from "../../io/model-folder.js";
import { openSafetensors } from "../../io/safetensors.js";
import { shippedPath } from "../run/shipped.js";

const FILES = [
  ["unet", "unet/diffusion_pytorch_model.safetensors"],
  ["text_encoder", "text_encoder/model.safetensors"],
] as const;

/**
 * A pipeline's UNet and text encoder, its own or its neighbour's, by the names that training gives them (`unet.…`, `text_encoder.…`).
 *
 * @throws FollowspotError when a file is missing or damaged
 */
export async function readTrained(folder: string): Promise<ReadonlyMap<string, HostTensor>> {
  const weights = new Map<string, HostTensor>();
  for (const [part, path] of FILES) {
    const file = await openSafetensors(await resolveModelFile(shippedPath(folder), path));
    for (const [name, value] of await file.readAllFloat32()) weights.set(`${part}.${name}`, value);
  }
  return weights;
}

/**
 * `fresh` with the values of `trained` where both have a weight; a frozen part's weights are in `trained` only.
 *
 * @throws FollowspotError when a weight has another shape, or the two share none
 */
export function startingWeights(
  fresh: ReadonlyMap<string, HostTensor>,
  trained: ReadonlyMap<string, HostTensor>,
): Map<string, HostTensor> {
  const start = new Map(fresh);
  let shared = 0;
  for (const [name, value] of fresh) {
    const known = trained.get(name);
    if (known === undefined) continue;
    if (formatShape(known.shape) !== formatShape(value.shape)) {
      throw new FollowspotError(
        `start_from: ${name}: expected ${formatShape(value.shape)}, got ${formatShape(known.shape)}.`,
        { remedy: "Begin from a model of the same configuration, or without start_from." },
      );
    }
    start.set(name, known);
    shared++;
  }
  if (shared > 0) return start;
  throw new FollowspotError("start_from: expected weights of this network, got none of them.");
}
