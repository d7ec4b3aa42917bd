// The scenes of a run, in its own folder: rendered where they are missing, then opened.

import { join } from "node:path";
import type { TrainOptions } from "../fit.js";
import { openPool, renderPool } from "./pool.js";
import type { Pool } from "./pool.js";

/** Folder of the rendered scenes in a run's folder. */
const SCENES = "scenes";

/** Which scenes a run is trained on. */
export interface SceneConfig {
  /** Side of the pictures in pixels. */
  readonly size: number;
  readonly scenes: { readonly count: number; readonly seed: number };
}

/** Renders the scenes that a run's folder still lacks, and opens them. */
export async function preparePool(
  { size, scenes: { count, seed } }: SceneConfig,
  { folder, signal, onStage, onProgress }: TrainOptions,
): Promise<Pool> {
  const poolFolder = join(folder, SCENES);
  onStage?.("rendering scenes");
  await renderPool({
    folder: poolFolder,
    size,
    count,
    seed: BigInt(seed),
    signal,
    onProgress: (done) => onProgress?.(done, count),
  });
  return openPool(poolFolder, size);
}
