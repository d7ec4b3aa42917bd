// A model by its name: what is here, or else what the hub has, downloaded into Hugging Face's cache.

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { relative, sep } from "node:path";
import { FollowspotError } from "../core/errors.js";
import { findCachedModel, isHubId } from "../io/hub-cache.js";
import { downloadModel } from "../io/hub-download.js";
import type { DownloadProgress } from "../io/hub-download.js";
import { hubSettings } from "../io/hub-settings.js";
import { resolveModelFolder } from "../io/model-folder.js";
import { pipelineFiles } from "./text-to-image-files.js";
import type { Variant } from "./text-to-image-files.js";
import { readPipelineModel } from "./text-to-image-model.js";

/** How a model is got that is not here. */
export interface ObtainOptions {
  /** Of a hub model that is not here yet: "fp16" fetches its weights of half the size, where it has them. */
  readonly variant?: Variant;
  /** Told as a hub model's files arrive. */
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
  /** Stops a download; what came is kept, and the next one goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The folder of a model: a folder, a shipped model's name, or a hub id (`org/name`, `org/name@revision`). A hub
 * model that is whole in Hugging Face's cache is taken as it is, without asking the hub for a newer one; any
 * other is downloaded: what drawing needs of it, nothing else. HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE
 * and HF_TOKEN mean what they mean to Hugging Face's own tools.
 *
 * @throws FollowspotError listing the known models, or saying why the hub gave none; the signal's reason
 */
export async function obtainModel(name: string, options: ObtainOptions = {}): Promise<string> {
  if (!isHubId(name) || existsSync(name)) return resolveModelFolder(name);
  const { variant, onDownload, signal } = options;
  const settings = await hubSettings();
  const cached = await findCachedModel(name, settings.cache);
  if (settings.isOffline || (cached !== undefined && (await isWhole(cached)))) {
    return resolveModelFolder(name);
  }
  signal?.throwIfAborted();
  let isKnown = false;
  const choose = (files: readonly string[]): string[] => {
    isKnown = true;
    return pipelineFiles(files, name, variant);
  };
  const whole = { settings, choose, check: readPipelineModel, onProgress: onDownload, signal };
  await downloadModel(name, whole).catch((error: unknown) => {
    throw isKnown ? error : noFolderEither(error);
  });
  return resolveModelFolder(name);
}

/** Whoever mistyped a folder's name never meant the hub. */
function noFolderEither(error: unknown): unknown {
  if (!(error instanceof FollowspotError)) return error;
  const { fault, remedy } = error;
  return new FollowspotError(`${fault.replace(/\.$/, "")}, and there is no such folder.`, {
    cause: error,
    ...(remedy !== undefined && { remedy }),
  });
}

/** Whether a snapshot has all that drawing needs: other tools fetch what they need. */
async function isWhole(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.map(({ parentPath, name }) =>
    relative(folder, `${parentPath}${sep}${name}`).split(sep).join("/"),
  );
  try {
    return pipelineFiles(files, folder).every((file) => existsSync(`${folder}/${file}`));
  } catch (error) {
    if (error instanceof FollowspotError) return false;
    throw error;
  }
}
