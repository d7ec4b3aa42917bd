// Text to image in Node: a model by its name, drawn in a worker thread.

import { workerRuntime } from "../engine/runtime/worker.js";
import { readPipelineFolder } from "./text-to-image-folder.js";
import { openPipeline } from "./text-to-image-pipeline.js";
import type { OpenOptions, TextToImagePipeline } from "./text-to-image-pipeline.js";

export { planOf, TextToImagePipeline } from "./text-to-image-pipeline.js";
export type { DrawnPicture, DrawStep } from "./text-to-image-pipeline.js";

/** As OpenOptions; graphs run on the processor, in a worker thread, when `runtime` is absent. */
export type LoadOptions = Partial<OpenOptions>;

/**
 * Loads a text-to-image model: a diffusers folder, the name of a shipped model ("stage"), or a hub id whose
 * snapshot is in Hugging Face's cache. Weights stay in their files until the first drawing.
 *
 * @throws FollowspotError listing the known models if there is none of that name, or what is damaged
 */
export async function loadPipeline(
  name: string,
  options: LoadOptions = {},
): Promise<TextToImagePipeline> {
  const { runtime = workerRuntime(), signal } = options;
  signal?.throwIfAborted();
  const model = await readPipelineFolder(name);
  signal?.throwIfAborted();
  return openPipeline(model, { ...options, runtime });
}
