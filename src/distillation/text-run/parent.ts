// The text-to-image model that is distilled, read whole from its folder.

import { join } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import type { HostTensor } from "../../core/tensor.js";
import { makeSchedule, schedulerConfig } from "../../diffusion/index.js";
import type { Schedule } from "../../diffusion/index.js";
import { readJson, readJsonAs } from "../../io/json.js";
import { openSafetensors } from "../../io/safetensors.js";
import { parseTextEncoderConfig } from "../../models/text-encoder/index.js";
import type { TextEncoderConfig } from "../../models/text-encoder/index.js";
import { loadTokenizer } from "../../models/tokenizer/folder.js";
import type { Tokenizer } from "../../models/tokenizer/index.js";
import { parseUNetConfig } from "../../models/unet/index.js";
import type { UNetConfig } from "../../models/unet/index.js";
import { readAutoencoder } from "../../training/autoencoder/folder.js";
import type { Autoencoder } from "../../training/autoencoder/folder.js";
import { weightsDigest } from "../../training/digest.js";
import { shippedPath } from "../../training/run/shipped.js";

/** Where a pipeline's folder keeps what a student changes. */
export const NETWORK_WEIGHTS = "unet/diffusion_pytorch_model.safetensors";

type NamedWeights = ReadonlyMap<string, HostTensor<"float32">>;

/** A text-to-image model in memory. */
export interface TextParent {
  readonly folder: string;
  readonly unet: UNetConfig;
  readonly weights: NamedWeights;
  readonly text: { readonly config: TextEncoderConfig; readonly weights: NamedWeights };
  readonly tokenizer: Tokenizer;
  readonly autoencoder: Autoencoder;
  readonly schedule: Schedule;
  readonly scheduler: Readonly<Record<string, unknown>>;
  /** Side of its latents in cells. */
  readonly latentSize: number;
  /** SHA-256 of its network's weights, in hex: what students say of their parent. */
  readonly digest: string;
}

/**
 * A text-to-image model; a folder that is not there is looked for in the package.
 *
 * @throws FollowspotError when a file is missing, damaged, or not of a model that can be distilled
 */
export async function readTextParent(folder: string): Promise<TextParent> {
  const path = shippedPath(folder);
  const part = (...names: string[]): string => join(path, ...names);
  const unet = parseUNetConfig(await readJson(part("unet", "config.json")));
  const { sample_size: latentSize } = unet;
  if (typeof latentSize !== "number") {
    throw new FollowspotError(
      `distil: ${path}: expected a sample_size, got ${String(latentSize)}.`,
    );
  }
  const scheduler = await readJsonAs(
    part("scheduler", "scheduler_config.json"),
    z.record(z.string(), z.unknown()),
  );
  const schedule = makeSchedule(schedulerConfig(scheduler));
  refuseNoise(path, schedule);
  const weights = async (file: string): Promise<NamedWeights> =>
    (await openSafetensors(part(file))).readAllFloat32();
  const config = parseTextEncoderConfig(await readJson(part("text_encoder", "config.json")));
  const network = await weights(NETWORK_WEIGHTS);
  return {
    ...{ folder: path, unet, scheduler, schedule, latentSize },
    weights: network,
    text: { config, weights: await weights("text_encoder/model.safetensors") },
    tokenizer: await loadTokenizer(part("tokenizer")),
    autoencoder: await readAutoencoder(part("vae")),
    digest: weightsDigest(network),
  };
}

function refuseNoise(path: string, { config }: Schedule): void {
  if (config.prediction !== "epsilon" || !config.rescaleZeroSnr) return;
  throw new FollowspotError(
    `distil: ${path}: expected a model that predicts v or the picture, got epsilon.`,
    { remedy: "A noise prediction tells no picture where there is noise alone." },
  );
}
