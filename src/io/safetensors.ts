// Safetensors files in Node: opened by path, read piece by piece.

import { fileBytes } from "./file-bytes.js";
import { refusePickle } from "./pickle.js";
import { readSafetensors } from "./safetensors-file.js";
import type { SafetensorsFile } from "./safetensors-file.js";

export { readInto } from "./file-bytes.js";
export type { StoredDType } from "./safetensors-dtype.js";
export type { SafetensorsFile } from "./safetensors-file.js";
export type { TensorEntry } from "./safetensors-header.js";
export { encodeSafetensors, writeSafetensors } from "./safetensors-writer.js";

/**
 * Opens a safetensors file: reads its header only and checks it against the file's length. No file
 * stays open between reads.
 *
 * `(await openSafetensors("unet.safetensors")).tensors.get("conv_in.weight")?.shape`
 *
 * Throws FollowspotError for a pickled checkpoint, a missing, truncated or damaged file.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  refusePickle(path);
  return readSafetensors(await fileBytes(path, "safetensors"));
}
