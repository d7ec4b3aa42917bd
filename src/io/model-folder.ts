// From a model's name to its folder: a path, a model shipped with the package, or one in Hugging Face's cache.

import { existsSync } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";

import { FollowspotError } from "../core/errors.js";
import { fileError, systemCode } from "./file-error.js";
import { findCachedModel, isHubId, listCachedModels } from "./hub-cache.js";
import { hubCacheFolder } from "./hub-settings.js";
import { fileBytes } from "./file-bytes.js";
import { MODEL_INDEX, OWN_FILE } from "./model-source.js";
import type { ModelSource } from "./model-source.js";
import { sharedName } from "./model-source-sharing.js";
import { findPackageRoot } from "./package-root.js";
import { refusePickle } from "./pickle.js";

export { MODEL_INDEX } from "./model-source.js";

const GET_A_HUB_MODEL =
  "A hub model is downloaded when it is first drawn with, unless HF_HUB_OFFLINE is set; " +
  "`hf download ORG/NAME` (from Python's huggingface_hub) puts it into the same cache.";

/** Where to look for models; for tests and for hosts with a layout of their own. */
export interface ModelPlaces {
  /** Folder of the shipped models; by default models/ of this package. */
  readonly shipped?: string | undefined;
  /** Folder of Hugging Face's cache; by default as HF_HUB_CACHE, HF_HOME and XDG_CACHE_HOME say. */
  readonly cache?: string | undefined;
}

function isModel(folder: string): boolean {
  return existsSync(join(folder, MODEL_INDEX));
}

function shippedFolder(places: ModelPlaces): string | undefined {
  const root = findPackageRoot();
  return places.shipped ?? (root && join(root, "models"));
}

/** Names of the models shipped with the package, sorted. */
export async function listShippedModels(places: ModelPlaces = {}): Promise<string[]> {
  const folder = shippedFolder(places);
  const names = folder ? await readdir(folder).catch(() => []) : [];
  return names.filter((name) => isModel(join(folder!, name))).sort();
}

/** What is wrong with a path that exists and is no model; undefined when nothing is there. */
async function describePath(path: string): Promise<string | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return undefined;
  if (info.isDirectory()) {
    const above = dirname(resolve(path));
    return isModel(above)
      ? `a part of a model; the model is ${above}`
      : `a folder without ${MODEL_INDEX}`;
  }
  refusePickle(path);
  return extname(path) === ".safetensors"
    ? "a single file; Python's diffusers makes a folder of it: " +
        `StableDiffusionPipeline.from_single_file("${path}").save_pretrained("FOLDER")`
    : "a file that is no model";
}

async function unknownModel(name: string, places: ModelPlaces, cache: string): Promise<Error> {
  const shipped = await listShippedModels(places);
  const cached = await listCachedModels(cache);
  const got = (await describePath(name)) ?? "a name that is none of these";
  const listed = (names: string[]) => (names.length > 0 ? names.join(", ") : "none here");
  return new FollowspotError(
    `model: ${name}: expected a folder with ${MODEL_INDEX}, a shipped model (${listed(shipped)}) ` +
      `or a hub model in the cache ${cache} (${listed(cached)}), got ${got}.`,
    { remedy: GET_A_HUB_MODEL },
  );
}

/**
 * The folder of a model, absolute and with links resolved: `nameOrPath` is a diffusers folder, the
 * name of a shipped model (`stage`), or a hub id (`org/name`, `org/name@revision`) whose snapshot
 * is in Hugging Face's cache. Files inside a snapshot are links: see resolveModelFile.
 *
 * Throws FollowspotError that lists the models there are and says how to get others.
 */
export async function resolveModelFolder(
  nameOrPath: string,
  places: ModelPlaces = {},
): Promise<string> {
  const shipped = shippedFolder(places);
  const cache = places.cache ?? hubCacheFolder();
  const isName = nameOrPath !== "" && basename(nameOrPath) === nameOrPath;
  const candidates = [
    nameOrPath,
    isName && shipped ? join(shipped, nameOrPath) : undefined,
    isHubId(nameOrPath) ? await findCachedModel(nameOrPath, cache) : undefined,
  ];
  const found = candidates.find((folder) => folder && isModel(folder));
  if (!found) throw await unknownModel(nameOrPath, places, cache);
  return realpath(found);
}

/** The files of this very folder. */
const ownSource = (folder: string): ModelSource => ({
  name: folder,
  has: async (file) => existsSync(join(folder, file)),
  open: (file) => fileBytes(join(folder, file), "model"),
});

/** The model beside this one that has the parts that this one leaves out. */
async function sharedFolder(folder: string): Promise<string | undefined> {
  const name = await sharedName(ownSource(folder));
  if (name === undefined) return undefined;
  const beside = join(dirname(folder), name);
  if (isModel(beside)) return beside;
  throw new FollowspotError(
    `model: ${join(folder, OWN_FILE)}: expected parts_of to name a model in the folder above, got ${JSON.stringify(name)}.`,
  );
}

const realOrNone = (path: string): Promise<string | undefined> =>
  realpath(path).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
    throw fileError("model", path, error);
  });

/**
 * The real path of a file of a model, or of a part's folder, or undefined when it has none. What a folder leaves out may lie in the model beside
 * it that its followspot.json names as `parts_of`: a student shares all but its network with its teacher.
 *
 * Throws FollowspotError when that model is not there.
 */
export async function findModelFile(folder: string, name: string): Promise<string | undefined> {
  const own = await realOrNone(join(folder, name));
  if (own !== undefined) return own;
  const shared = await sharedFolder(folder);
  return shared && realOrNone(join(shared, name));
}

/**
 * The real path of a file or folder in a model's folder: `resolveModelFile(folder, "unet/config.json")`.
 * ONNX Runtime refuses weights behind a link, as all files in Hugging Face's cache are.
 *
 * Throws FollowspotError when the model has no such file, and as findModelFile.
 */
export async function resolveModelFile(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const found = await findModelFile(folder, name);
  if (found !== undefined) return found;
  throw fileError("model", path, Object.assign(new Error("no file"), { code: "ENOENT" }));
}
