// A trained autoencoder as the vae folder of a diffusers pipeline.

import { join } from "node:path";
import { writeFolderAtomic } from "../../io/atomic-folder.js";
import { writeJson } from "../../io/json.js";
import { writeSafetensors } from "../../io/safetensors.js";
import { toFloat32 } from "../../io/safetensors-dtype.js";
import type { Runtime } from "../../engine/runtime/session.js";
import { halvesUnder } from "../half.js";
import type { Trained } from "../trained.js";
import { autoencoderDigest } from "./config.js";
import type { AutoencoderConfig } from "./config.js";
import { evaluateAutoencoder, heldOutPictures } from "./evaluate.js";
import type { AutoencoderScore } from "./evaluate.js";
import { AUTOENCODER_FILES } from "./folder.js";

const DECIMALS = 5; // of the scaling factor

/**
 * Writes the autoencoder's folder, whole or not at all; one already there is replaced. Weights are
 * float16, and what is measured is what they give: the score on held-out scenes, and the scaling
 * factor that gives their latents unit variance.
 *
 * @throws FollowspotError when a weight is beyond half precision, or a file cannot be written
 */
export async function exportAutoencoder(
  config: AutoencoderConfig,
  { packing, average, step }: Trained,
  folder: string,
  runtime: Runtime,
): Promise<AutoencoderScore & { readonly scalingFactor: number }> {
  const halves = halvesUnder("", packing.unpack(average.data));
  const weights = new Map([...halves].map(([name, half]) => [name, toFloat32(half)]));
  const { autoencoder, size, seed } = config;
  const pictures = await heldOutPictures(size, config.held_out, seed);
  const score = await evaluateAutoencoder(
    { config: autoencoder, weights },
    pictures,
    size,
    runtime,
  );
  const scalingFactor = Number((1 / score.latentDeviation).toFixed(DECIMALS));
  const [configFile, weightsFile] = AUTOENCODER_FILES;
  await writeFolderAtomic(folder, async (target) => {
    await writeJson(join(target, configFile), vaeConfig(config, scalingFactor));
    await writeSafetensors(join(target, weightsFile), halves, {
      format: "pt",
      step: String(step),
      config: autoencoderDigest(config),
      psnr: score.psnr.toFixed(2),
    });
  });
  return { ...score, scalingFactor };
}

/** config.json with every key that diffusers writes. */
function vaeConfig({ autoencoder }: AutoencoderConfig, scalingFactor: number) {
  return {
    _class_name: "AutoencoderTiny",
    _diffusers_version: "0.42.1",
    ...autoencoder,
    force_upcast: false,
    upsample_fn: "nearest",
    upsampling_scaling_factor: 2,
    scaling_factor: scalingFactor,
  };
}
