// Text to image in Node: a model by its name, drawn in a worker thread.

import { availableParallelism } from "node:os";
import { workerRuntime } from "../engine/runtime/worker.js";
import { programVersions } from "./draw-version.js";
import { PROVIDER_NAMES } from "./recipe.js";
import type { Recipe } from "./recipe.js";
import { digestOf, readPipelineFolder } from "./text-to-image-folder.js";
import type { PipelineFolder } from "./text-to-image-folder.js";
import type { ObtainOptions } from "./text-to-image-obtain.js";
import { makeOrder } from "./text-to-image-order.js";
import type { DrawOptions } from "./text-to-image-order.js";
import { openParts, TextToImagePipeline } from "./text-to-image-pipeline.js";
import type { OpenOptions, PipelineParts } from "./text-to-image-pipeline.js";
import { recipeOfOrder } from "./text-to-image-recipe.js";

export { planOf, TextToImagePipeline } from "./text-to-image-pipeline.js";
export type { DrawnPicture, DrawStep } from "./text-to-image-pipeline.js";

/** How a model is found and opened. Graphs run on the processor, in a worker thread, when `runtime` is absent. */
export interface LoadOptions extends Partial<OpenOptions>, Omit<ObtainOptions, "signal"> {}

/** A loaded model of a folder, which draws and tells its pictures' recipes. */
export class FolderPipeline extends TextToImagePipeline {
  private digest: Promise<string> | undefined;

  /**
   * @param name - the model as recipes call it
   * @param backend - where it runs
   */
  constructor(
    private readonly folder: PipelineFolder,
    parts: PipelineParts,
    private readonly name: string,
    private readonly backend: Recipe["backend"],
  ) {
    super(folder, parts);
  }

  /**
   * The recipe of a call's picture, every default filled in; of the first where it asks for several, which differ
   * in their seeds alone. `followspot draw --from` makes the picture again of it, or of a PNG that carries it:
   *
   * `encodePng(data, width, height, pngTexts(await pipe.recipeOf(options)))`
   *
   * The first call reads all weights, for the model's digest.
   *
   * @throws FollowspotError as `draw`
   */
  async recipeOf(options: DrawOptions): Promise<Recipe> {
    const order = makeOrder(this.model, options);
    this.digest ??= digestOf(this.folder.folder);
    const digest = await this.digest.catch((error: unknown) => {
      this.digest = undefined;
      throw error;
    });
    const { name, backend } = this;
    const model = { name, digest };
    return recipeOfOrder(order, options, { model, backend, versions: programVersions() });
  }
}

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
): Promise<FolderPipeline> {
  const { runtime = workerRuntime(), signal, variant, onDownload } = options;
  signal?.throwIfAborted();
  const model = await readPipelineFolder(name, { signal, onDownload, ...(variant && { variant }) });
  signal?.throwIfAborted();
  const parts = await openParts(model, { ...options, runtime });
  const provider = PROVIDER_NAMES.find((known) => runtime.name.endsWith(known)) ?? "cpu";
  const threads = options.threads ?? availableParallelism();
  return new FolderPipeline(model, parts, name, { provider, threads });
}
