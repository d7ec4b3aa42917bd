// A pool of rendered scenes on disk: pictures as raw RGB, captions as lines. Training draws from it.

import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Generator } from "../../core/generator.js";
import { writeFileAtomic } from "../../io/atomic.js";
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

/** Renders what the pool still lacks: a pool that was cut short goes on where it stopped. */
export async function renderPool(options: PoolOptions): Promise<void> {
  const { folder, size, count, seed, counts, sides, signal, onProgress } = options;
  await mkdir(folder, { recursive: true });
  const bytes = size * size * 3;
  const captions = await readCaptions(folder);
  if (captions.length >= count) return;
  const drawings = await loadDrawings();
  const file = await open(picturesPath(folder), captions.length > 0 ? "r+" : "w");
  try {
    for (let start = captions.length; start < count; start = captions.length) {
      signal?.throwIfAborted();
      const here = Math.min(CHUNK, count - start);
      const chunk = new Uint8Array(here * bytes);
      for (let i = 0; i < here; i++) {
        const sceneSeed = BigInt.asUintN(32, seed + SCENE_STRIDE * BigInt(start + i));
        const sample = trainingSample(new Generator(sceneSeed), {
          ...{ drawings, size },
          ...(counts && { counts }),
          ...(sides && { sides }),
        });
        chunk.set(sample.picture, i * bytes);
        captions.push(sample.caption);
      }
      await file.write(chunk, 0, chunk.length, start * bytes);
      await writeFileAtomic(join(folder, "captions.txt"), Buffer.from(`${captions.join("\n")}\n`));
      onProgress?.(captions.length);
    }
  } finally {
    await file.close();
  }
}

async function readCaptions(folder: string): Promise<string[]> {
  try {
    const text = await readFile(join(folder, "captions.txt"), "utf8");
    return text.split("\n").slice(0, -1);
  } catch {
    return [];
  }
}

/** An opened pool: captions in memory, pictures read by index. */
export interface Pool {
  readonly captions: readonly string[];
  /** The picture `index` as RGB bytes, size x size x 3. */
  picture(index: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export async function openPool(folder: string, size: number): Promise<Pool> {
  const captions = await readCaptions(folder);
  const file = await open(picturesPath(folder), "r");
  const bytes = size * size * 3;
  return {
    captions,
    async picture(index) {
      const picture = new Uint8Array(bytes);
      await file.read(picture, 0, bytes, index * bytes);
      return picture;
    },
    close: () => file.close(),
  };
}
