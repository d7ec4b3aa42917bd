// What a text-to-image model says of itself (diffusers' layout): its configurations, checked, before any weight is read.

import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import {
  makeSchedule,
  readSchedulerConfig,
  SAMPLER_NAMES,
  samplerOfConfig,
} from "../diffusion/index.js";
import type { SamplerName, Schedule } from "../diffusion/index.js";
import {
  MODEL_INDEX,
  OWN_FILE,
  readSourceJson,
  readSourceJsonAs,
  readSourceText,
} from "../io/model-source.js";
import type { ModelSource } from "../io/model-source.js";
import { wholeWithin, within } from "../io/within.js";
import { Tokenizer } from "../models/tokenizer/index.js";
import { parseTextEncoderConfig, textEncoderWeightName } from "../models/text-encoder/index.js";
import type { TextEncoderConfig } from "../models/text-encoder/index.js";
import { parseUNetConfig } from "../models/unet/index.js";
import type { UNetConfig } from "../models/unet/index.js";
import { autoencoderWeightName } from "../models/vae/index.js";
import { parseDecoder } from "./text-to-image-decoder.js";
import type { DecoderConfig } from "./text-to-image-decoder.js";
import type { Size } from "./box.js";
import { methodDefaultsSchema } from "./recipe-methods.js";
import type { MethodDefaults } from "./recipe-methods.js";
import { readUNets } from "./text-to-image-unets.js";
import type { UNetsBySteps } from "./text-to-image-unets.js";
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
  /** Where the model wants other parameters of placement than the methods' own. */
  readonly methods: MethodDefaults;
  /** Scale of the guidance that a distilled student has taken in; it can be asked for no further one. */
  readonly guidance?: number | undefined;
  /** Levels that a progressive student knows: it is drawn in as many steps, or in a divisor of them. */
  readonly levels?: number | undefined;
}

/** A model's configurations and small files. */
export interface PipelineModel {
  /** Where its weights are. */
  readonly source: ModelSource;
  readonly unet: UNetConfig;
  /** Which network draws which step of short runs, as a student has them that was distilled for each. */
  readonly unets: UNetsBySteps;
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

export const WORDS_FILE = "words.json";

/** What to draw with, where the scheduler's configuration does not say it. */
const defaultsSchema = z.object({
  sampler: z.enum(SAMPLER_NAMES).optional(),
  steps: wholeWithin(LIMITS.steps).optional(),
  cfg: within(LIMITS.cfg).optional(),
  methods: methodDefaultsSchema.default({}),
  student: z
    .object({
      guidance: z.number().min(1),
      levels: z.int().positive().optional(),
      target: z.object({ kind: z.string() }).optional(),
    })
    .optional(),
});

/** Side of the latents where a configuration names none: Stable Diffusion's. */
const USUAL_SAMPLE_SIZE = 64;

const anyObject = z.record(z.string(), z.unknown());

/**
 * Reads a pipeline's configurations.
 *
 * @throws FollowspotError naming the file that is missing, or what does not fit
 */
export async function readPipelineModel(source: ModelSource): Promise<PipelineModel> {
  const json = (file: string): Promise<unknown> => readSourceJson(source, file);
  await refuseOtherPipelines(source);
  const unet = parseUNetConfig(await json("unet/config.json"));
  const vaeConfig = await readSourceJsonAs(source, "vae/config.json", anyObject);
  const decoder = parseDecoder(vaeConfig);
  const textEncoder = parseTextEncoderConfig(await json("text_encoder/config.json"));
  const scheduler = await readSourceText(source, "scheduler/scheduler_config.json");
  // Latents are larger than 1: clipping is for models of pixels, whatever a configuration says or leaves to a default.
  const schedule = makeSchedule({ ...readSchedulerConfig(scheduler), clipSample: false });
  refuseOtherInputs(source, unet, decoder);
  const { factor } = decoder;
  const side = unet.sample_size ?? USUAL_SAMPLE_SIZE;
  const [height, width] = typeof side === "number" ? [side, side] : side;
  return {
    source,
    unet,
    unets: await readUNets(source, unet),
    decoder,
    textEncoder,
    tokenizer: await readTokenizer(source),
    schedule,
    factor,
    size: [width * factor, height * factor],
    defaults: await readDefaults(source, schedule),
    words: await readWords(source),
  };
}

/** UNets of inpainting, depth or instructions look at more than latents. */
function refuseOtherInputs(
  { name }: ModelSource,
  { in_channels: into, out_channels: out }: UNetConfig,
  { channels }: DecoderConfig,
): void {
  if (into === channels && out === channels) return;
  throw new FollowspotError(
    `model: ${name}: expected a UNet of the ${channels} channels that its autoencoder decodes, got ${into} in and ${out} out.`,
    {
      remedy:
        "UNets for inpainting, depth or instructions are not supported: name a plain text-to-image model.",
    },
  );
}

async function refuseOtherPipelines(source: ModelSource): Promise<void> {
  const index = await readSourceJsonAs(source, MODEL_INDEX, anyObject);
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
    `model: ${source.name}: expected a Stable Diffusion pipeline with ${missing ?? "one text encoder"}, ` +
      `got ${got} (${String(index["_class_name"])}).`,
  );
}

async function readTokenizer(source: ModelSource): Promise<Tokenizer> {
  const required = (name: string) => readSourceText(source, `tokenizer/${name}`);
  const optional = async (name: string) =>
    (await source.has(`tokenizer/${name}`)) ? required(name) : undefined;
  return Tokenizer.from({
    "vocab.json": await required("vocab.json"),
    "merges.txt": await required("merges.txt"),
    "special_tokens_map.json": await optional("special_tokens_map.json"),
    "tokenizer_config.json": await optional("tokenizer_config.json"),
  });
}

async function readDefaults(source: ModelSource, { config }: Schedule): Promise<DrawDefaults> {
  const has = await source.has(OWN_FILE);
  const given = has
    ? await readSourceJsonAs(source, OWN_FILE, defaultsSchema)
    : defaultsSchema.parse({});
  const { guidance, levels, target } = given.student ?? {};
  return {
    sampler: given.sampler ?? samplerOfConfig(config) ?? "ddim",
    steps: given.steps ?? 25,
    cfg: given.cfg ?? 7.5,
    methods: given.methods,
    guidance,
    levels: target?.kind === "progressive" ? levels : undefined,
  };
}

/** A plain list of words, or lists of them by kind. */
const wordsSchema = z.union([
  z.array(z.string()),
  z.record(z.string(), z.array(z.string())).transform((kinds) => Object.values(kinds).flat()),
]);

async function readWords(source: ModelSource): Promise<ReadonlySet<string> | undefined> {
  if (!(await source.has(WORDS_FILE))) return undefined;
  const phrases = await readSourceJsonAs(source, WORDS_FILE, wordsSchema);
  return new Set(phrases.flatMap((phrase) => phrase.toLowerCase().split(/[^\p{L}\p{N}]+/u)));
}
