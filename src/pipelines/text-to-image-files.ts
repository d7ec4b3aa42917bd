// Which files of a model are needed to draw with it, of all that a folder or a repository has.

import { FollowspotError } from "../core/errors.js";
import { MODEL_INDEX, OWN_FILE } from "../io/model-source.js";
import { refusePickle } from "../io/pickle.js";
import { PARTS, WORDS_FILE } from "./text-to-image-model.js";
import type { PartFiles } from "./text-to-image-weights.js";

/** Which of a model's weights are fetched where there are several: those of half the size. */
export type Variant = "fp16";

/** Configurations and the tokenizer's tables: without one of them nothing is drawn. */
export const SMALL_FILES = [
  "unet/config.json",
  "vae/config.json",
  "text_encoder/config.json",
  "scheduler/scheduler_config.json",
  "tokenizer/vocab.json",
  "tokenizer/merges.txt",
  MODEL_INDEX,
];

const OPTIONAL_FILES = [
  "tokenizer/special_tokens_map.json",
  "tokenizer/tokenizer_config.json",
  "tokenizer/tokenizer.json",
  OWN_FILE,
  WORDS_FILE,
];

/** Networks for other numbers of steps, which followspot.json names. */
const OTHER_UNET = /^unet_\w+\/(config\.json|diffusion_pytorch_model(\.fp16)?\.safetensors)$/;

/**
 * The files to draw with, weights first and the index last, so that what has the index is whole.
 *
 * @param files - names of all files there are
 * @param name - the model, as messages tell it
 * @throws FollowspotError when something is missing, or the weights are only pickled
 */
export function pipelineFiles(files: readonly string[], name: string, variant?: Variant): string[] {
  const has = new Set(files);
  const missing = SMALL_FILES.toReversed().find((file) => !has.has(file));
  if (missing !== undefined) {
    throw new FollowspotError(
      `model: ${name}: expected a Stable Diffusion pipeline in diffusers' layout, got none: ${missing} is missing.`,
    );
  }
  const weights = Object.values(PARTS).flatMap((part) => weightsOf(part, files, name, variant));
  const optional = OPTIONAL_FILES.filter((file) => has.has(file));
  const others = has.has(OWN_FILE) ? files.filter((file) => OTHER_UNET.test(file)) : [];
  return [...weights, ...others, ...optional, ...SMALL_FILES];
}

function weightsOf(
  { part, stem }: PartFiles,
  files: readonly string[],
  name: string,
  variant: Variant | undefined,
): string[] {
  const has = (file: string): boolean => files.includes(file);
  const full = `${part}/${stem}.safetensors`;
  const half = `${part}/${stem}.fp16.safetensors`;
  const single = (variant === "fp16" ? [half, full] : [full, half]).find(has);
  if (single !== undefined) return [single];
  const index = `${full}.index.json`;
  const shard = new RegExp(`^${part}/${stem}-\\d+-of-\\d+\\.safetensors$`);
  const shards = files.filter((file) => shard.test(file));
  if (has(index) && shards.length > 0) return [index, ...shards];
  const pickle = files.find((file) => new RegExp(`^${part}/\\w+\\.bin$`).test(file));
  if (pickle !== undefined) refusePickle(`${name}/${pickle}`);
  throw new FollowspotError(`model: ${name}: expected ${full}, got none.`);
}
