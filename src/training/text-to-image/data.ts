// What a text-to-image run is fed with: scenes rendered once, encoded once, and kept in the run's folder.

import { access } from "node:fs/promises";
import { join } from "node:path";
import { FollowspotError } from "../../core/errors.js";
import { factorOf } from "../autoencoder/folder.js";
import type { Autoencoder } from "../autoencoder/folder.js";
import { encodePool, readLatents, writeLatents } from "../data/latents.js";
import type { Pool } from "../data/pool.js";
import { preparePool } from "../data/prepare.js";
import type { SceneConfig } from "../data/prepare.js";
import type { TrainOptions } from "../fit.js";
import type { CaptionedLatents } from "./batches.js";

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Renders and encodes what a run's folder lacks, and reads all of it.
 *
 * @throws FollowspotError when the latents that lie there are not of this configuration
 */
export async function prepareLatents(
  config: SceneConfig,
  autoencoder: Autoencoder,
  options: TrainOptions,
): Promise<CaptionedLatents> {
  const { size, scenes } = config;
  const pool = await preparePool(config, options);
  try {
    const path = join(options.folder, "latents.f16");
    if (!(await exists(path))) await encode(path, pool, config, autoencoder, options);
    const side = size / factorOf(autoencoder.config);
    const latents = await readLatents(path, [side, side, autoencoder.config.latent_channels]);
    if (latents.shape[0] !== scenes.count) {
      throw new FollowspotError(
        `train: ${path}: expected ${scenes.count} latents, got ${latents.shape[0]}.`,
        { remedy: "Delete the file, so that the scenes are encoded anew." },
      );
    }
    return { latents, captions: pool.captions.slice(0, scenes.count) };
  } finally {
    await pool.close();
  }
}

async function encode(
  path: string,
  pool: Pool,
  { size, scenes: { count } }: SceneConfig,
  autoencoder: Autoencoder,
  { runtime, signal, onStage, onProgress }: TrainOptions,
): Promise<void> {
  onStage?.("encoding scenes");
  const latents = await encodePool({
    ...{ pool, size, count, runtime, signal },
    ...autoencoder,
    onProgress: (done) => onProgress?.(done, count),
  });
  await writeLatents(path, latents);
}
