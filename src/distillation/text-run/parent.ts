// The text-to-image model that is distilled, read whole from its folder.

import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import type { HostTensor } from "../../core/tensor.js";
import { makeSchedule, schedulerConfig } from "../../diffusion/index.js";
import type { Schedule } from "../../diffusion/index.js";
import { readJson, readJsonAs } from "../../io/json.js";
import { findModelFile, resolveModelFile } from "../../io/model-folder.js";
import { OWN_FILE } from "../../io/model-source.js";
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
import type { TextStudentConfig } from "./config.js";

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
  /** The guidance that it took in, if it is a student itself. */
  readonly guidance: number | undefined;
}

/** Which parent, and the guidance that its student is to take in. */
type GuidedParent = Pick<TextStudentConfig, "parent" | "cfg">;

const facts = z.object({ student: z.object({ guidance: z.number() }).optional() });

async function guidanceOf(path: string): Promise<number | undefined> {
  const own = await findModelFile(path, OWN_FILE);
  return own === undefined ? undefined : (await readJsonAs(own, facts)).student?.guidance;
}

/**
 * A text-to-image model; a folder that is not there is looked for in the package.
 *
 * @throws FollowspotError when a file is missing, damaged, or not of a model that can be distilled with such guidance
 */
export async function readTextParent({ parent, cfg }: GuidedParent): Promise<TextParent> {
  const path = shippedPath(parent);
  const part = (name: string): Promise<string> => resolveModelFile(path, name);
  const unet = parseUNetConfig(await readJson(await part("unet/config.json")));
  const { sample_size: latentSize } = unet;
  if (typeof latentSize !== "number") {
    throw new FollowspotError(
      `distil: ${path}: expected a sample_size, got ${String(latentSize)}.`,
    );
  }
  const scheduler = await readJsonAs(
    await part("scheduler/scheduler_config.json"),
    z.record(z.string(), z.unknown()),
  );
  const schedule = makeSchedule(schedulerConfig(scheduler));
  refuseNoise(path, schedule);
  const guidance = await guidanceOf(path);
  refuseGuidanceTwice(path, guidance, cfg);
  const weights = async (file: string): Promise<NamedWeights> =>
    (await openSafetensors(await part(file))).readAllFloat32();
  const config = parseTextEncoderConfig(await readJson(await part("text_encoder/config.json")));
  const network = await weights(NETWORK_WEIGHTS);
  return {
    ...{ folder: path, unet, scheduler, schedule, latentSize },
    weights: network,
    text: { config, weights: await weights("text_encoder/model.safetensors") },
    tokenizer: await loadTokenizer(await part("tokenizer")),
    autoencoder: await readAutoencoder(await part("vae")),
    digest: weightsDigest(network),
    guidance,
  };
}

function refuseGuidanceTwice(path: string, guidance: number | undefined, cfg: number): void {
  if (guidance === undefined || cfg === 1) return;
  throw new FollowspotError(
    `distil: ${path}: expected cfg 1 for a parent with a guidance of ${guidance} distilled into it, got ${cfg}.`,
    { remedy: "Set cfg to 1: its student takes over the guidance that it has." },
  );
}

function refuseNoise(path: string, { config }: Schedule): void {
  if (config.prediction !== "epsilon" || !config.rescaleZeroSnr) return;
  throw new FollowspotError(
    `distil: ${path}: expected a model that predicts v or the picture, got epsilon.`,
    { remedy: "A noise prediction tells no picture where there is noise alone." },
  );
}
