// Models that Hugging Face's tools have already downloaded: found in their cache, never fetched from here.

import { readdir, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** `org/name`, or `org/name@revision` for a branch, a tag or a commit. */
const HUB_ID = /^(?<id>[\w-][\w.-]*\/[\w-][\w.-]*)(?:@(?<revision>[\w-][\w.-]*))?$/;
const FOLDER = /^models--(?<organisation>.+?)--(?<name>.+)$/;

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder of the cache: HF_HUB_CACHE, or hub/ in HF_HOME, XDG_CACHE_HOME/huggingface or ~/.cache/huggingface. */
export function hubCacheFolder(env: Environment = process.env): string {
  if (env["HF_HUB_CACHE"]) return env["HF_HUB_CACHE"];
  const caches = env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache");
  return join(env["HF_HOME"] || join(caches, "huggingface"), "hub");
}

/** Whether a name can be one on the hub: `org/name` or `org/name@revision`. */
export function isHubId(name: string): boolean {
  return HUB_ID.test(name);
}

async function list(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

/** Ids of the models in a cache, sorted. */
export async function listCachedModels(cache: string): Promise<string[]> {
  return (await list(cache)).flatMap((folder) => {
    const { organisation, name } = FOLDER.exec(folder)?.groups ?? {};
    return organisation && name ? [`${organisation}/${name}`] : [];
  });
}

async function newest(snapshots: string): Promise<string | undefined> {
  const folders = (await list(snapshots)).map((name) => join(snapshots, name));
  const dated = await Promise.all(
    folders.map(async (folder) => ({ folder, time: (await stat(folder)).mtimeMs })),
  );
  return dated.sort((a, b) => b.time - a.time)[0]?.folder;
}

/**
 * The snapshot folder of a hub model in a cache: the asked revision, or else what `main` was when
 * last downloaded, or else the newest. Undefined when the cache has none.
 */
export async function findCachedModel(name: string, cache: string): Promise<string | undefined> {
  const { id, revision } = HUB_ID.exec(name)?.groups ?? {};
  if (!id) return undefined;
  const model = join(cache, `models--${id.replace("/", "--")}`);
  const snapshots = join(model, "snapshots");
  const reference = await readFile(join(model, "refs", revision ?? "main"), "utf8").catch(() => "");
  const commit = reference.trim() || revision;
  const known = (await list(snapshots)).find((folder) => folder === commit);
  if (known) return join(snapshots, known);
  return revision ? undefined : newest(snapshots);
}
