// The scenes of a run, in its own folder: rendered where they are missing, then opened.

import { join } from "node:path";
import { z } from "zod";
import { shown } from "../../io/json-issues.js";
import type { TrainOptions } from "../fit.js";
import { openPool, renderPool } from "./pool.js";
import type { Pool } from "./pool.js";

const share = z.number().min(0).max(1);

/** Folder of the rendered scenes in a run's folder. */
const SCENES = "scenes";

export const sceneChoiceSchema = z.strictObject({
  count: z.int().positive(),
  seed: z.int().nonnegative(),
  /** Shares of the scenes with one, two and three things; those of the evaluated scenes when null. */
  things: z
    .tuple([share, share, share])
    .refine((shares) => Math.abs(shares[0] + shares[1] + shares[2] - 1) < 1e-6, {
      error: ({ input }) => `expected three shares that sum to 1, got ${shown(input)}`,
    })
    .nullable()
    .default(null),
  /** Range of the sides of the things, as fractions of the picture; that of the evaluated scenes when null. */
  sides: z
    .tuple([z.number().min(0.15), z.number().max(0.6)])
    .refine(([low, high]) => low <= high, {
      error: ({ input }) => `expected the smaller side first, got ${shown(input)}`,
    })
    .nullable()
    .default(null),
});
export type SceneChoice = z.infer<typeof sceneChoiceSchema>;

/** Which scenes a run is trained on. */
export interface SceneConfig {
  /** Side of the pictures in pixels. */
  readonly size: number;
  readonly scenes: SceneChoice;
}

/** Renders the scenes that a run's folder still lacks, and opens them. */
export async function preparePool(
  { size, scenes: { count, seed, things, sides } }: SceneConfig,
  { folder, signal, onStage, onProgress }: TrainOptions,
): Promise<Pool> {
  const poolFolder = join(folder, SCENES);
  onStage?.("rendering scenes");
  await renderPool({
    folder: poolFolder,
    size,
    count,
    seed: BigInt(seed),
    counts: things ?? undefined,
    sides: sides ?? undefined,
    signal,
    onProgress: (done) => onProgress?.(done, count),
  });
  return openPool(poolFolder, size);
}
