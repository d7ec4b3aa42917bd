// Text to image in Node: a model by its name, drawn in a worker thread.

import { workerRuntime } from "../engine/runtime/worker.js";
import { readPipelineFolder } from "./text-to-image-folder.js";
import type { ObtainOptions } from "./text-to-image-obtain.js";
import { openPipeline } from "./text-to-image-pipeline.js";
import type { OpenOptions, TextToImagePipeline } from "./text-to-image-pipeline.js";

export { planOf, TextToImagePipeline } from "./text-to-image-pipeline.js";
export type { DrawnPicture, DrawStep } from "./text-to-image-pipeline.js";

/** How a model is found and opened. Graphs run on the processor, in a worker thread, when `runtime` is absent. */
export interface LoadOptions extends Partial<OpenOptions>, Omit<ObtainOptions, "signal"> {}

/**
 * Loads a text-to-image model: a diffusers folder, the name of a shipped model ("stage"), or a hub id, which is
 * downloaded into Hugging Face's cache unless it is there. Weights stay in their files until the first drawing.
 *
 * @throws FollowspotError listing the known models if there is none of that name, saying why the hub gave none,
 *   or what is damaged; the signal's reason
 */
export async function loadPipeline(
  name: string,
  options: LoadOptions = {},
): Promise<TextToImagePipeline> {
  const { runtime = workerRuntime(), signal, variant, onDownload } = options;
  signal?.throwIfAborted();
  const model = await readPipelineFolder(name, { signal, onDownload, ...(variant && { variant }) });
  signal?.throwIfAborted();
  return openPipeline(model, { ...options, runtime });
}
