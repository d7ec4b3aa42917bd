// A trained text-to-image model as a diffusers folder, which Python's diffusers and this package open alike.

import { access, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFolderAtomic } from "../../io/atomic-folder.js";
import { writeJson } from "../../io/json.js";
import { MODEL_INDEX, OWN_FILE } from "../../io/model-source.js";
import { writeSafetensors } from "../../io/safetensors.js";
import { loadTokenizer } from "../../models/tokenizer/folder.js";
import type { Tokenizer } from "../../models/tokenizer/index.js";
import { AUTOENCODER_FILES } from "../autoencoder/folder.js";
import { halvesUnder } from "../half.js";
import { shippedPath } from "../run/shipped.js";
import type { Trained } from "../trained.js";
import type { TextToImageConfig } from "./config.js";
import { knownByKind } from "./known.js";
import { modelIndex, schedulerDocument, textEncoderConfig, unetConfig } from "./pipeline-config.js";
import { lastingDigest } from "../digest.js";

const TEXT_WEIGHTS = "model.safetensors";
const TOKENIZER_FILES = [
  "vocab.json",
  "merges.txt",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
];

/**
 * Writes a pipeline's folder, whole or not at all; one already there is replaced. Weights are float16;
 * the autoencoder and the tokenizer are copied from where the configuration says.
 *
 * @throws FollowspotError when a weight is beyond half precision, or a file cannot be read or written
 */
export async function exportTextToImage(
  config: TextToImageConfig,
  trained: Trained,
  folder: string,
): Promise<void> {
  await writeFolderAtomic(folder, async (target) => {
    const part = async (name: string): Promise<string> => {
      const path = join(target, name);
      await mkdir(path);
      return path;
    };
    const tokenizer = await loadTokenizer(shippedPath(config.tokenizer));
    await writeJson(join(target, MODEL_INDEX), modelIndex(config));
    await writeJson(join(target, "words.json"), knownByKind());
    if (config.draw) await writeJson(join(target, OWN_FILE), config.draw);
    await writeJson(
      join(await part("scheduler"), "scheduler_config.json"),
      schedulerDocument(config),
    );
    await copyFiles(shippedPath(config.autoencoder), await part("vae"), AUTOENCODER_FILES);
    await copyFiles(shippedPath(config.tokenizer), await part("tokenizer"), TOKENIZER_FILES);
    await writeNetworks(config, trained, tokenizer, {
      unet: await part("unet"),
      text: await part("text_encoder"),
    });
  });
}

async function writeNetworks(
  config: TextToImageConfig,
  { packing, average, step }: Trained,
  tokenizer: Tokenizer,
  folders: { readonly unet: string; readonly text: string },
): Promise<void> {
  const weights = packing.unpack(average.data);
  const metadata = { format: "pt", step: String(step), config: lastingDigest(config) };
  await writeJson(join(folders.unet, "config.json"), unetConfig(config));
  await writeSafetensors(
    join(folders.unet, "diffusion_pytorch_model.safetensors"),
    halvesUnder("unet.", weights),
    metadata,
  );
  await writeJson(join(folders.text, "config.json"), textEncoderConfig(config, tokenizer));
  const { text_encoder_weights: kept } = config;
  if (kept !== null) {
    await copyFile(join(shippedPath(kept), TEXT_WEIGHTS), join(folders.text, TEXT_WEIGHTS));
    return;
  }
  const text = halvesUnder("text_encoder.", weights);
  await writeSafetensors(join(folders.text, TEXT_WEIGHTS), text, metadata);
}

/** Copies those of the files that are there; who reads the folder says what it misses. */
async function copyFiles(from: string, to: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const there = await access(join(from, name)).then(
      () => true,
      () => false,
    );
    if (there) await copyFile(join(from, name), join(to, name));
  }
}
