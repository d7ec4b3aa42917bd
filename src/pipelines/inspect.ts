// What is in a checkpoint, and what can be done with it, told from headers and configurations alone.

import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { readJsonAs, readJsonObject } from "../io/json.js";
import {
  findModelFile,
  MODEL_INDEX,
  resolveModelFile,
  resolveModelFolder,
} from "../io/model-folder.js";
import { sitesOf } from "../models/unet/index.js";
import { inspectPart, trainingFacts } from "./inspect-part.js";
import type { InspectedPart } from "./inspect-part.js";
import { inspectPixelModel } from "./inspect-pixels.js";
import { studentFacts } from "./inspect-student.js";
import type { ModelReport, SiteReport } from "./model-report.js";
import { isTeacherFolder } from "../training/teacher/index.js";
import { digestOf, readPipelineFolder } from "./text-to-image-folder.js";
import { PARTS, WORDS_FILE } from "./text-to-image-model.js";
import type { PipelineModel } from "./text-to-image-model.js";
import { otherUNets } from "./text-to-image-unets.js";
import type { UNetsBySteps } from "./text-to-image-unets.js";

/** As InspectService.inspectModel. */
export async function inspectModel(model: string): Promise<ModelReport> {
  const folder = await resolveModelFolder(model);
  if (await isTeacherFolder(folder)) return inspectPixelModel(model, folder);
  const refusals: string[] = [];
  const index = await readJsonObject(await resolveModelFile(folder, MODEL_INDEX));
  const known = Object.values(PARTS).filter(({ part }) => isThere(index[part]));
  const pipeline = await allowed(readPipelineFolder(folder), refusals);
  const parts = await Promise.all(
    [...known, ...(pipeline ? otherUNets(pipeline.unets) : [])].map((part) =>
      inspectPart(folder, part, pipeline),
    ),
  );
  const vocabulary = await readVocabulary(folder);
  return {
    name: model,
    digest: (await allowed(digestOf(folder), refusals)) ?? "none",
    folder,
    parts: parts.map(({ report }) => report),
    sites: pipeline ? sitesIn(pipeline) : [],
    facts: {
      ...(pipeline ? { ...factsOf(pipeline), ...(await studentFacts(folder)) } : {}),
      ...trainingOf(parts),
      ...furtherNetworks(parts),
    },
    ...(vocabulary ? { vocabulary } : {}),
    unsupported: [
      ...new Set(refusals),
      ...parts.flatMap(({ misfit }) => (misfit === undefined ? [] : [misfit])),
      ...unusedParts(index),
      ...(pipeline ? limitsOf(pipeline) : []),
    ],
  };
}

/** What the work yields; where it is refused, nothing, and why is added to `refusals`. */
async function allowed<T>(work: Promise<T>, refusals: string[]): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof FollowspotError)) throw error;
    refusals.push(error.message);
    return undefined;
  }
}

/** An entry of model_index.json is [library, class], both null for a part that is left out. */
function isThere(entry: unknown): entry is [string, string] {
  return Array.isArray(entry) && typeof entry[1] === "string";
}

function sitesIn({ unet, size, factor, tokenizer }: PipelineModel): SiteReport[] {
  const [width, height] = size;
  return sitesOf(unet, height / factor, width / factor, tokenizer.maxLength).map((site) => ({
    name: site.name,
    columns: site.width,
    rows: site.height,
    heads: site.heads,
    tokens: site.tokens,
  }));
}

function factsOf(pipeline: PipelineModel): Record<string, string | number> {
  const { size, factor, decoder, schedule, tokenizer, defaults, unets } = pipeline;
  const { className, prediction, rescaleZeroSnr } = schedule.config;
  return {
    size: size.join("x"),
    "latent factor": factor,
    "latent channels": decoder.channels,
    prediction,
    scheduler: className ?? "unnamed",
    timesteps: schedule.trainTimesteps,
    "zero terminal SNR": rescaleZeroSnr ? "yes" : "no",
    "prompt tokens": tokenizer.maxLength,
    "vocabulary entries": tokenizer.size,
    "drawn with": `${defaults.sampler}, ${defaults.steps} steps, guidance ${defaults.cfg}`,
    ...(unets.size === 0 ? {} : { networks: networksOf(unets) }),
  };
}

function networksOf(unets: UNetsBySteps): string {
  const each = [...unets].map(([steps, names]) => {
    return `${names.join(", then ")} for ${steps} ${steps === 1 ? "step" : "steps"}`;
  });
  return `${each.join("; ")}; otherwise unet`;
}

/** What our own training writes beside the network's weights. */
function trainingOf(parts: readonly InspectedPart[]): Record<string, string> {
  return trainingFacts(parts.find(({ report }) => report.part === "unet")?.metadata ?? {});
}

/** Networks beside the first are students too, each of a parent of its own. */
function furtherNetworks(parts: readonly InspectedPart[]): Record<string, string> {
  const others = parts.filter(({ report, metadata }) => {
    return report.part.startsWith("unet_") && metadata["parent"] !== undefined;
  });
  return Object.fromEntries(
    others.map(({ report: { part }, metadata: { parent, role = "student", step } }) => {
      const trained = step === undefined ? "" : `, ${step} trained steps`;
      return [part, `${role} of ${parent!.slice(0, 12)}${trained}`];
    }),
  );
}

/** Parts that a pipeline of this kind has and that drawing does not use. */
function unusedParts(index: Readonly<Record<string, unknown>>): string[] {
  const used = new Set(["unet", "vae", "text_encoder", "tokenizer", "scheduler"]);
  return Object.entries(index).flatMap(([part, entry]) => {
    if (used.has(part) || !isThere(entry)) return [];
    return [`use its ${part} (${entry[1]}): that part is left out`];
  });
}

function limitsOf({ size, tokenizer }: PipelineModel): string[] {
  return [
    `draw other sizes than ${size.join("x")}, unless forced`,
    `read more than ${tokenizer.maxLength - 2} tokens of a prompt: the rest is cut`,
  ];
}

const vocabularySchema = z.union([
  z.array(z.string()).transform((words) => ({ words })),
  z.record(z.string(), z.array(z.string())),
]);

async function readVocabulary(
  folder: string,
): Promise<Readonly<Record<string, readonly string[]>> | undefined> {
  const path = await findModelFile(folder, WORDS_FILE);
  return path === undefined ? undefined : readJsonAs(path, vocabularySchema);
}
