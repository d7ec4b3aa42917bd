// A pool of rendered scenes on disk: pictures as raw RGB, captions as lines. Training draws from it.

import { mkdir, open, readFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { FollowspotError } from "../../core/errors.js";
import { Generator } from "../../core/generator.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { readInto } from "../../io/file-bytes.js";
import { fileError, readIfThere } from "../../io/file-error.js";
import { loadDrawings, trainingSample } from "../scenes/index.js";
import type { ThingCounts, ThingSides } from "../scenes/index.js";

export interface PoolOptions {
  /** Folder of the pool. */
  readonly folder: string;
  /** Side of the pictures in pixels. */
  readonly size: number;
  /** Scenes to render. */
  readonly count: number;
  /** Seed of the scene sampler; scene `i` depends on the seed and `i` alone. */
  readonly seed: bigint;
  /** How many things the scenes hold; the mixture of the evaluated scenes when absent. */
  readonly counts?: ThingCounts | undefined;
  /** How large the things are; as in the evaluated scenes when absent. */
  readonly sides?: ThingSides | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number) => void;
}

const CHUNK = 500; // scenes written at a time

// Far apart in 32 bits, so that neighbouring scenes share no stream.
const SCENE_STRIDE = 2654435761n;

function picturesPath(folder: string): string {
  return join(folder, "pictures.rgb");
}

/**
 * Renders what the pool still lacks: a pool that was cut short goes on where it stopped.
 *
 * @throws FollowspotError when the pool's files do not agree, or the system refuses; the signal's reason
 */
export async function renderPool(options: PoolOptions): Promise<void> {
  const { folder, size, count, signal, onProgress } = options;
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError("write", folder, error);
  }
  const bytes = size * size * 3;
  const captions = await readCaptions(folder);
  if (captions.length >= count) return;
  const drawings = await loadDrawings();
  const file = await openPictures(folder, captions.length > 0 ? "r+" : "w");
  try {
    await checkPictures(file, folder, captions.length * bytes);
    for (let start = captions.length; start < count; start = captions.length) {
      signal?.throwIfAborted();
      const here = Math.min(CHUNK, count - start);
      const samples = Array.from({ length: here }, (_, i) => sceneOf(start + i, options, drawings));
      const chunk = Buffer.concat(samples.map(({ picture }) => picture));
      captions.push(...samples.map(({ caption }) => caption));
      await writeAt(file, picturesPath(folder), chunk, start * bytes);
      await writeFileAtomic(join(folder, "captions.txt"), Buffer.from(`${captions.join("\n")}\n`));
      onProgress?.(captions.length);
    }
  } finally {
    await file.close();
  }
}

/** Scene `index` of a pool. */
function sceneOf(
  index: number,
  { size, seed, counts, sides }: PoolOptions,
  drawings: Awaited<ReturnType<typeof loadDrawings>>,
) {
  const sceneSeed = BigInt.asUintN(32, seed + SCENE_STRIDE * BigInt(index));
  const choice = { drawings, size, ...(counts && { counts }), ...(sides && { sides }) };
  return trainingSample(new Generator(sceneSeed), choice);
}

async function readCaptions(folder: string): Promise<string[]> {
  const path = join(folder, "captions.txt");
  const text = (await readIfThere(path, () => readFile(path, "utf8"))) ?? "";
  return text.split("\n").slice(0, -1);
}

async function openPictures(folder: string, flags: "r" | "r+" | "w"): Promise<FileHandle> {
  const path = picturesPath(folder);
  try {
    return await open(path, flags);
  } catch (error) {
    throw fileError("scenes", path, error);
  }
}

/** Pictures are written before their captions: there may be more of them, never fewer. */
async function checkPictures(file: FileHandle, folder: string, least: number): Promise<void> {
  const { size } = await file.stat();
  if (size >= least) return;
  throw new FollowspotError(
    `scenes: ${picturesPath(folder)}: expected ${least} bytes, of as many pictures as captions, got ${size}.`,
    { remedy: `Remove ${folder}: its scenes are rendered again.` },
  );
}

/** Writes all bytes at a position: the system may take fewer at a time. */
async function writeAt(
  file: FileHandle,
  path: string,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  } catch (error) {
    throw fileError("write", path, error);
  }
}

/** An opened pool: captions in memory, pictures read by index. */
export interface Pool {
  readonly captions: readonly string[];
  /** The picture `index` as RGB bytes, size x size x 3. Throws FollowspotError where the file ends before it. */
  picture(index: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a pool whose pictures are `size` pixels wide and high.
 *
 * @throws FollowspotError when it cannot be read, or has fewer pictures than captions
 */
export async function openPool(folder: string, size: number): Promise<Pool> {
  const captions = await readCaptions(folder);
  const file = await openPictures(folder, "r");
  const bytes = size * size * 3;
  try {
    await checkPictures(file, folder, captions.length * bytes);
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    captions,
    async picture(index) {
      const picture = new Uint8Array(bytes);
      await readInto(file, picturesPath(folder), index * bytes, picture);
      return picture;
    },
    close: () => file.close(),
  };
}
