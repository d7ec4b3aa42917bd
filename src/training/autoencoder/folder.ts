// The folder of a trained autoencoder, read whole: its configuration and its weights.

import { join } from "node:path";
import type { HostTensor } from "../../core/tensor.js";
import { readJson } from "../../io/json.js";
import { openSafetensors } from "../../io/safetensors.js";
import { parseAutoencoderTinyConfig } from "../../models/vae/index.js";
import type { AutoencoderTinyConfig } from "../../models/vae/index.js";
import { shippedPath } from "../run/shipped.js";

/** The files of such a folder. */
export const AUTOENCODER_FILES = ["config.json", "diffusion_pytorch_model.safetensors"] as const;

/** An autoencoder in memory. */
export interface Autoencoder {
  readonly config: AutoencoderTinyConfig;
  readonly weights: ReadonlyMap<string, HostTensor<"float32">>;
}

/** Pixels along the side of a latent cell. */
export function factorOf({ num_encoder_blocks: stages }: AutoencoderTinyConfig): number {
  return 2 ** (stages.length - 1);
}

/**
 * A trained autoencoder; a folder that is not there is looked for in the package.
 *
 * @throws FollowspotError when a file is missing, damaged or not what it should be
 */
export async function readAutoencoder(folder: string): Promise<Autoencoder> {
  const [configFile, weightsFile] = AUTOENCODER_FILES;
  const path = shippedPath(folder);
  const config = parseAutoencoderTinyConfig(await readJson(join(path, configFile)));
  const file = await openSafetensors(join(path, weightsFile));
  return { config, weights: await file.readAllFloat32() };
}
