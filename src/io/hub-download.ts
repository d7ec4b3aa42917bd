// From the hub into Hugging Face's cache, in the cache's own layout: blobs/<etag>, snapshots/<commit>/<file> as links
// to them, refs/<revision> with the commit.

import { copyFile, lstat, mkdir, realpath, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { FollowspotError } from "../core/errors.js";
import { writeFileAtomic } from "./atomic.js";
import { fileError, systemCode } from "./file-error.js";
import { fileBytes } from "./file-bytes.js";
import { parseHubName, repositoryFolder, repositoryName } from "./hub-cache.js";
import { HubClient } from "./hub-client.js";
import type { HubFile } from "./hub-client.js";
import { withLock } from "./hub-lock.js";
import type { Held } from "./hub-lock.js";
import type { HubSettings } from "./hub-settings.js";
import { transfer } from "./hub-transfer.js";
import type { ModelSource } from "./model-source.js";

/** How far a download has come, all its files together. */
export interface DownloadProgress {
  /** The model's id. */
  readonly model: string;
  /** As its card says; absent where it says none. */
  readonly licence: string | undefined;
  /** The file that is on its way. */
  readonly file: string;
  /** Bytes that are here. */
  readonly loaded: number;
  /** Bytes in all. */
  readonly total: number;
}

export interface DownloadOptions {
  readonly settings: HubSettings;
  /**
   * The files wanted, of all that the model has. They appear in this order when all are there, so the last one
   * can be what makes a folder a model.
   */
  readonly choose: (files: readonly string[]) => readonly string[];
  /** Looks at the small files before weights are fetched; what it throws ends the download. */
  readonly check?: (source: ModelSource) => Promise<unknown>;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds before a failed request is tried again, doubled from try to try; 500 when absent. */
  readonly waitMs?: number;
}

interface Wanted {
  readonly name: string;
  readonly file: HubFile;
  readonly blob: string;
}

/**
 * Downloads files of a hub model, `org/name` or `org/name@revision`; gives its snapshot's folder. What is in the
 * cache already is not fetched again; what was broken off is continued.
 *
 * Throws FollowspotError that says what to do: no such model or revision, private or gated, no connection,
 * a full disk, damaged on the way; the signal's reason.
 */
export async function downloadModel(name: string, options: DownloadOptions): Promise<string> {
  const { settings, signal, waitMs = 500 } = options;
  const { id, revision = "main" } = parseHubName(name) ?? {};
  if (id === undefined) throw new FollowspotError(`hub: expected ORG/NAME, got ${name}.`);
  refuseOffline(settings, id);
  const client = new HubClient(settings, signal, waitMs);
  const { commit, files, licence } = await client.revision(id, revision);
  const repository = repositoryFolder(settings.cache, id);
  const wanted: Wanted[] = [];
  for (const file of options.choose(files)) {
    const facts = await client.file(id, commit, file);
    wanted.push({ name: file, file: facts, blob: join(repository, "blobs", facts.etag) });
  }
  await makeFolder(join(repository, "blobs"));
  await fetchBlobs(wanted, { ...options, client, id, commit, licence });
  const snapshot = join(repository, "snapshots", commit);
  for (const { name: file, blob } of wanted) await linkBlob(blob, join(snapshot, file));
  if (revision !== commit) await writeReference(join(repository, "refs", revision), commit);
  return snapshot;
}

function refuseOffline({ isOffline, cache }: HubSettings, id: string): void {
  if (!isOffline) return;
  throw new FollowspotError(
    `hub: ${id}: expected it whole in ${cache}, since HF_HUB_OFFLINE forbids to download it.`,
    { remedy: "Unset HF_HUB_OFFLINE, or give the folder of a model that is here." },
  );
}

interface Job extends DownloadOptions {
  readonly client: HubClient;
  readonly id: string;
  readonly commit: string;
  readonly licence: string | undefined;
}

async function fetchBlobs(wanted: readonly Wanted[], job: Job): Promise<void> {
  const { client, id, commit, licence, settings, signal, onProgress, waitMs = 500 } = job;
  const total = wanted.reduce((sum, { file }) => sum + (file.size ?? 0), 0);
  const isWeights = ({ name }: Wanted): boolean => name.endsWith(".safetensors");
  const order = [...wanted.filter((each) => !isWeights(each)), ...wanted.filter(isWeights)];
  const firstWeights = order.find(isWeights);
  let before = 0;
  for (const each of order) {
    const { name: file, file: facts, blob } = each;
    if (each === firstWeights) await job.check?.(sourceOf(id, wanted));
    const onBytes = (done: number): void =>
      onProgress?.({ model: id, licence, file, loaded: before + done, total });
    const lock = join(settings.cache, ".locks", repositoryName(id), `${facts.etag}.followspot`);
    await fetchBlob(blob, lock, signal, (held) =>
      transfer({
        name: `${id}/${file}`,
        path: blob,
        ...{ etag: facts.etag, size: facts.size },
        locate: () => client.file(id, commit, file),
        headersFor: (url) => client.headersFor(url),
        ...{ onBytes, signal, held, waitMs },
      }),
    );
    onBytes(facts.size ?? 0);
    before += facts.size ?? 0;
  }
}

/** The files that are on the disk so far, under their own names. */
function sourceOf(id: string, wanted: readonly Wanted[]): ModelSource {
  const blobs = new Map(wanted.map(({ name, blob }) => [name, blob]));
  return {
    name: id,
    has: async (file) => blobs.has(file),
    open(file) {
      const blob = blobs.get(file);
      if (blob !== undefined) return fileBytes(blob, "hub");
      throw new FollowspotError(`hub: ${id}: expected the file ${file}, got none.`);
    },
  };
}

async function fetchBlob(
  blob: string,
  lock: string,
  signal: AbortSignal | undefined,
  fetchIt: (held: Held) => Promise<void>,
): Promise<void> {
  signal?.throwIfAborted();
  if (await isThere(blob)) return;
  await withLock(lock, signal, async (held) => {
    // Another process may have brought it meanwhile.
    if (!(await isThere(blob))) await fetchIt(held);
  });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError("hub", path, error);
  }
}

/** A link to a blob, relative, so that the cache can be moved; a copy where the system has no links. */
async function linkBlob(blob: string, link: string): Promise<void> {
  const target = await realpath(link).catch(() => undefined);
  if (target !== undefined && target === (await realpath(blob))) return;
  await makeFolder(dirname(link));
  const temporary = `${link}.${process.pid}.tmp`;
  try {
    if (await lstat(temporary).catch(() => undefined)) await rm(temporary);
    await symlink(relative(dirname(link), blob), temporary).catch(async (error: unknown) => {
      if (systemCode(error) !== "EPERM") throw error;
      await copyFile(blob, temporary);
    });
    await rename(temporary, link);
  } catch (error) {
    throw fileError("hub", link, error);
  }
}

async function writeReference(path: string, commit: string): Promise<void> {
  await makeFolder(dirname(path));
  await writeFileAtomic(path, commit);
}
