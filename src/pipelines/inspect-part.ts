// One part of a checkpoint as its files' headers tell it, and whether its weights fit its configuration.

import { FollowspotError } from "../core/errors.js";
import { readJsonObject } from "../io/json.js";
import { resolveModelFile } from "../io/model-folder.js";
import { folderSource } from "../io/model-source-folder.js";
import { openSafetensors } from "../io/safetensors.js";
import type { StoredDType, TensorEntry } from "../io/safetensors.js";
import { textEncoder } from "../models/text-encoder/index.js";
import { contextWidth } from "../models/unet/config.js";
import { unet } from "../models/unet/index.js";
import { collectSpecs } from "../nn/input-weights.js";
import { findWeight } from "../nn/weights.js";
import type { Weights } from "../nn/weights.js";
import type { PartReport } from "./model-report.js";
import type { PipelineModel } from "./text-to-image-model.js";
import { weightFiles } from "./text-to-image-weights.js";
import type { OtherUNet, PartFiles } from "./text-to-image-weights.js";

/** A part, and what else its files say. */
export interface InspectedPart {
  readonly report: PartReport;
  /** Of the first weight file. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Why its weights do not fit its configuration, when they do not. */
  readonly misfit: string | undefined;
}

/** Types by the names that people know; others as the file has them. */
const NAMES: Partial<Record<StoredDType, string>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
};

/**
 * Tells a part from its headers.
 *
 * @param pipeline - the configurations, when they could be read: then the weights are held against them
 * @throws FollowspotError when a weight file is missing, pickled, truncated or damaged
 */
export async function inspectPart(
  folder: string,
  files: PartFiles,
  pipeline: PipelineModel | undefined,
): Promise<InspectedPart> {
  const { part, rename = (name: string) => name } = files;
  const stored = new Map<string, TensorEntry>();
  let metadata: Readonly<Record<string, string>> | undefined;
  for (const name of await weightFiles(folderSource(folder), files)) {
    const file = await openSafetensors(await resolveModelFile(folder, name));
    metadata ??= file.metadata;
    for (const [key, entry] of file.tensors) stored.set(rename(key), entry);
  }
  const report = {
    part,
    className: await classOf(folder, part),
    ...sizesOf([...stored.values()]),
  };
  const misfit = pipeline && findMisfit(part, stored, pipeline);
  return { report, metadata: metadata ?? {}, misfit };
}

/** Tells a part of a model that we trained, whose weights are one file. Throws as `inspectPart`. */
export async function inspectOwnPart(
  folder: string,
  part: string,
): Promise<Pick<InspectedPart, "report" | "metadata">> {
  const path = await resolveModelFile(folder, `${part}/diffusion_pytorch_model.safetensors`);
  const { tensors, metadata } = await openSafetensors(path);
  const className = await classOf(folder, part);
  return { report: { part, className, ...sizesOf([...tensors.values()]) }, metadata };
}

/** What our own training writes beside the weights. */
export function trainingFacts({
  step,
  config,
}: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...(step === undefined ? {} : { "trained steps": step }),
    ...(config === undefined ? {} : { "training configuration": config }),
  };
}

async function classOf(folder: string, part: string): Promise<string> {
  const config = await readJsonObject(await resolveModelFile(folder, `${part}/config.json`));
  const architectures = config["architectures"];
  const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  const name = config["_class_name"] ?? first;
  return typeof name === "string" ? name : "unnamed";
}

function sizesOf(entries: readonly TensorEntry[]) {
  const elements = entries.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  const types = [...new Set(entries.map(({ dtype }) => NAMES[dtype] ?? dtype))];
  return {
    parameters: elements.reduce((a, b) => a + b, 0),
    bytes: entries.reduce((total, { byteLength }) => total + byteLength, 0),
    dtype: types.sort().join(", "),
  };
}

/** The network of a part, built for its weights' names and shapes alone. */
type Build = (weights: Weights, pipeline: PipelineModel) => unknown;
const BUILDERS: Record<Exclude<PartFiles["part"], OtherUNet>, Build> = {
  unet: (weights, { unet: config, size, factor }) => {
    const { graph } = weights;
    const [width, height] = size;
    const sample = [1, height / factor, width / factor, config.in_channels];
    return unet(weights, config, {
      sample: graph.input("sample", "float32", sample),
      timestep: graph.input("timestep", "float32", [1]),
      context: graph.input("context", "float32", [1, 1, contextWidth(config)]),
    });
  },
  vae: (weights, { decoder, size, factor }) => {
    const [width, height] = size;
    const latents = [1, height / factor, width / factor, decoder.channels];
    return decoder.decode(weights, weights.graph.input("latents", "float32", latents));
  },
  text_encoder: (weights, { textEncoder: config }) =>
    textEncoder(weights, config, weights.graph.input("ids", "int64", [1, 1])),
};

/** Networks for other numbers of steps are of the first one's form. */
const builderOf = (part: PartFiles["part"]): Build =>
  part === "vae" || part === "text_encoder" ? BUILDERS[part] : BUILDERS.unet;

function findMisfit(
  part: PartFiles["part"],
  stored: ReadonlyMap<string, TensorEntry>,
  pipeline: PipelineModel,
): string | undefined {
  try {
    const specs = collectSpecs((weights) => void builderOf(part)(weights, pipeline));
    specs.forEach((spec) => findWeight(spec, stored));
    return undefined;
  } catch (error) {
    if (error instanceof FollowspotError) return `use its ${part}: ${error.message}`;
    throw error;
  }
}
