// A text-to-image pipeline's folder in Node: found by its name, read, and told apart by its digest.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename, dirname } from "node:path";
import { MODEL_INDEX, resolveModelFile, resolveModelFolder } from "../io/model-folder.js";
import { folderSource } from "../io/model-source-folder.js";
import { PARTS, readPipelineModel } from "./text-to-image-model.js";
import type { PipelineModel } from "./text-to-image-model.js";
import { weightFiles } from "./text-to-image-weights.js";

/** A model's configurations and small files, and the folder that they are in. */
export interface PipelineFolder extends PipelineModel {
  /** Absolute, links resolved. */
  readonly folder: string;
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

/**
 * Reads a pipeline's configurations.
 *
 * @param name - a folder, the name of a shipped model, or a hub id in the cache
 * @throws FollowspotError naming the known models if there is none of that name, or what does not fit.
 */
export async function readPipelineFolder(name: string): Promise<PipelineFolder> {
  const folder = await resolveModelFolder(name);
  return { folder, ...(await readPipelineModel(folderSource(folder))) };
}

/**
 * "sha256:" and the digest of a pipeline's weights and configurations, whatever the folder is called:
 * of the lines "sha256 of the file, two blanks, its name", names sorted, as sha256sum prints them.
 */
export async function digestOf(folder: string): Promise<string> {
  const source = folderSource(folder);
  const weights = await Promise.all(Object.values(PARTS).map((part) => weightFiles(source, part)));
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
