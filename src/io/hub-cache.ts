// Models in Hugging Face's cache, whoever downloaded them.

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** `org/name`, or `org/name@revision` for a branch, a tag or a commit. */
const HUB_ID = /^(?<id>[\w-][\w.-]*\/[\w-][\w.-]*)(?:@(?<revision>[\w-][\w.-]*))?$/;
const FOLDER = /^models--(?<organisation>.+?)--(?<name>.+)$/;

/** A model on the hub, and which state of it. */
export interface HubName {
  readonly id: string;
  /** A branch, a tag or a commit; `main` when absent. */
  readonly revision: string | undefined;
}

/** `org/name` or `org/name@revision` in its parts; undefined for any other name. */
export function parseHubName(name: string): HubName | undefined {
  const { id, revision } = HUB_ID.exec(name)?.groups ?? {};
  return id === undefined ? undefined : { id, revision };
}

/** The folder of a model in a cache. */
export function repositoryFolder(cache: string, id: string): string {
  return join(cache, repositoryName(id));
}

/** What a model's folder in a cache is called. */
export function repositoryName(id: string): string {
  return `models--${id.replace("/", "--")}`;
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
  const { id, revision } = parseHubName(name) ?? {};
  if (!id) return undefined;
  const model = repositoryFolder(cache, id);
  const snapshots = join(model, "snapshots");
  const reference = await readFile(join(model, "refs", revision ?? "main"), "utf8").catch(() => "");
  const commit = reference.trim() || revision;
  const known = (await list(snapshots)).find((folder) => folder === commit);
  if (known) return join(snapshots, known);
  return revision ? undefined : newest(snapshots);
}
