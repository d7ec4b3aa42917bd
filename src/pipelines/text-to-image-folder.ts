// A text-to-image pipeline's folder (diffusers' layout): its configurations, checked, before any weight is read.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import {
  makeSchedule,
  readSchedulerConfig,
  SAMPLER_NAMES,
  samplerOfConfig,
} from "../diffusion/index.js";
import type { SamplerName, Schedule } from "../diffusion/index.js";
import { readJson, readJsonAs, readJsonObject } from "../io/json.js";
import { MODEL_INDEX, resolveModelFile, resolveModelFolder } from "../io/model-folder.js";
import { Tokenizer } from "../models/tokenizer/index.js";
import { parseTextEncoderConfig, textEncoderWeightName } from "../models/text-encoder/index.js";
import type { TextEncoderConfig } from "../models/text-encoder/index.js";
import { parseUNetConfig } from "../models/unet/index.js";
import type { UNetConfig } from "../models/unet/index.js";
import { autoencoderWeightName } from "../models/vae/index.js";
import { parseDecoder } from "./text-to-image-decoder.js";
import type { DecoderConfig } from "./text-to-image-decoder.js";
import type { Size } from "./box.js";
import { weightFiles } from "./text-to-image-weights.js";
import type { PartFiles } from "./text-to-image-weights.js";

/** The parts that have weights. */
export const PARTS = {
  unet: { part: "unet", stem: "diffusion_pytorch_model" },
  vae: { part: "vae", stem: "diffusion_pytorch_model", rename: autoencoderWeightName },
  textEncoder: { part: "text_encoder", stem: "model", rename: textEncoderWeightName },
} as const satisfies Record<string, PartFiles>;

/** What a model is drawn with if nothing else is said. */
export interface DrawDefaults {
  readonly sampler: SamplerName;
  readonly steps: number;
  readonly cfg: number;
  /** Trailing positions that placement directs, where the model wants others than the methods' defaults. */
  readonly trailing?: number | undefined;
}

/** A folder's configurations and small files. */
export interface PipelineFolder {
  /** Absolute, links resolved. */
  readonly folder: string;
  readonly unet: UNetConfig;
  readonly decoder: DecoderConfig;
  readonly textEncoder: TextEncoderConfig;
  readonly tokenizer: Tokenizer;
  readonly schedule: Schedule;
  /** Pixels along the side of one latent cell. */
  readonly factor: number;
  /** The size that the model was trained at, pixels. */
  readonly size: Size;
  readonly defaults: DrawDefaults;
  /** Words of the training captions, lower case, where the folder lists them. */
  readonly words: ReadonlySet<string> | undefined;
}

const SMALL_FILES = [
  MODEL_INDEX,
  "unet/config.json",
  "vae/config.json",
  "text_encoder/config.json",
  "scheduler/scheduler_config.json",
  "tokenizer/vocab.json",
  "tokenizer/merges.txt",
];

/** Our own file beside diffusers': what to draw with, where the scheduler's configuration does not say it. */
const DEFAULTS_FILE = "followspot.json";
const WORDS_FILE = "words.json";

const defaultsSchema = z.object({
  sampler: z.enum(SAMPLER_NAMES).optional(),
  steps: z.int().min(1).max(1000).optional(),
  cfg: z.number().min(0).max(50).optional(),
  trailing: z.int().min(0).max(75).optional(),
});

/** Side of the latents where a configuration names none: Stable Diffusion's. */
const USUAL_SAMPLE_SIZE = 64;

/**
 * Reads a pipeline's configurations.
 *
 * @param name - a folder, the name of a shipped model, or a hub id in the cache
 * @throws FollowspotError naming the known models if there is none of that name, or what does not fit.
 */
export async function readPipelineFolder(name: string): Promise<PipelineFolder> {
  const folder = await resolveModelFolder(name);
  const path = (file: string): Promise<string> => resolveModelFile(folder, file);
  const json = async (file: string): Promise<unknown> => readJson(await path(file));
  await refuseOtherPipelines(folder);
  const unet = parseUNetConfig(await json("unet/config.json"));
  const vaeConfig = await readJsonObject(await path("vae/config.json"));
  const decoder = parseDecoder(vaeConfig);
  const textEncoder = parseTextEncoderConfig(await json("text_encoder/config.json"));
  const scheduler = await readFile(await path("scheduler/scheduler_config.json"), "utf8");
  const schedule = makeSchedule(readSchedulerConfig(scheduler));
  const { factor } = decoder;
  const side = unet.sample_size ?? USUAL_SAMPLE_SIZE;
  const [height, width] = typeof side === "number" ? [side, side] : side;
  return {
    folder,
    unet,
    decoder,
    textEncoder,
    tokenizer: await Tokenizer.load(join(folder, "tokenizer")),
    schedule,
    factor,
    size: [width * factor, height * factor],
    defaults: await readDefaults(folder, schedule),
    words: await readWords(folder),
  };
}

async function refuseOtherPipelines(folder: string): Promise<void> {
  const index = await readJsonObject(await resolveModelFile(folder, MODEL_INDEX));
  const missing = ["unet", "vae", "text_encoder", "tokenizer", "scheduler"].find(
    (part) => !Array.isArray(index[part]),
  );
  const second = index["text_encoder_2"];
  const got = missing
    ? `none`
    : Array.isArray(second) && second[0] !== null
      ? "two text encoders"
      : "";
  if (got === "") return;
  throw new FollowspotError(
    `model: ${folder}: expected a Stable Diffusion pipeline with ${missing ?? "one text encoder"}, ` +
      `got ${got} (${String(index["_class_name"])}).`,
  );
}

async function optional(folder: string, file: string): Promise<string | undefined> {
  const path = join(folder, file);
  return access(path).then(
    () => path,
    () => undefined,
  );
}

async function readDefaults(folder: string, { config }: Schedule): Promise<DrawDefaults> {
  const file = await optional(folder, DEFAULTS_FILE);
  const given = file ? await readJsonAs(file, defaultsSchema) : {};
  return {
    sampler: given.sampler ?? samplerOfConfig(config) ?? "ddim",
    steps: given.steps ?? 25,
    cfg: given.cfg ?? 7.5,
    trailing: given.trailing,
  };
}

/** A plain list of words, or lists of them by kind. */
const wordsSchema = z.union([
  z.array(z.string()),
  z.record(z.string(), z.array(z.string())).transform((kinds) => Object.values(kinds).flat()),
]);

async function readWords(folder: string): Promise<ReadonlySet<string> | undefined> {
  const file = await optional(folder, WORDS_FILE);
  if (!file) return undefined;
  const phrases = await readJsonAs(file, wordsSchema);
  return new Set(phrases.flatMap((phrase) => phrase.toLowerCase().split(/[^\p{L}\p{N}]+/u)));
}

/**
 * "sha256:" and the digest of a pipeline's weights and configurations, whatever the folder is called:
 * of the lines "sha256 of the file, two blanks, its name", names sorted, as sha256sum prints them.
 */
export async function digestOf(folder: string): Promise<string> {
  const weights = await Promise.all(Object.values(PARTS).map((part) => weightFiles(folder, part)));
  const names = [...SMALL_FILES, ...weights.flat()].sort();
  const lines: string[] = [];
  for (const name of names) {
    lines.push(`${await fileDigest(await resolveModelFile(folder, name))}  ${name}\n`);
  }
  return `sha256:${createHash("sha256").update(lines.join("")).digest("hex")}`;
}

async function fileDigest(path: string): Promise<string> {
  // Hugging Face's cache names large files by this very digest.
  const name = basename(path);
  if (basename(dirname(path)) === "blobs" && /^[0-9a-f]{64}$/.test(name)) return name;
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}
