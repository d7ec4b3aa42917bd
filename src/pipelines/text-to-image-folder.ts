// A text-to-image pipeline's folder in Node: found by its name, read, and told apart by its digest.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename, dirname } from "node:path";
import { resolveModelFile } from "../io/model-folder.js";
import { OWN_FILE } from "../io/model-source.js";
import { folderSource } from "../io/model-source-folder.js";
import { SMALL_FILES } from "./text-to-image-files.js";
import { PARTS, readPipelineModel } from "./text-to-image-model.js";
import type { PipelineModel } from "./text-to-image-model.js";
import { obtainModel } from "./text-to-image-obtain.js";
import type { ObtainOptions } from "./text-to-image-obtain.js";
import { namedUNets, otherUNets } from "./text-to-image-unets.js";
import { weightFiles } from "./text-to-image-weights.js";

/** A model's configurations and small files, and the folder that they are in. */
export interface PipelineFolder extends PipelineModel {
  /** Absolute, links resolved. */
  readonly folder: string;
}

/**
 * Reads a pipeline's configurations, after downloading it where it is not here.
 *
 * @param name - a folder, the name of a shipped model, or a hub id
 * @throws FollowspotError as obtainModel, or naming what does not fit
 */
export async function readPipelineFolder(
  name: string,
  options: ObtainOptions = {},
): Promise<PipelineFolder> {
  const folder = await obtainModel(name, options);
  return { folder, ...(await readPipelineModel(folderSource(folder))) };
}

/**
 * "sha256:" and the digest of a pipeline's weights and configurations, whatever the folder is called:
 * of the lines "sha256 of the file, two blanks, its name", names sorted, as sha256sum prints them.
 */
export async function digestOf(folder: string): Promise<string> {
  const source = folderSource(folder);
  const others = otherUNets(await namedUNets(source));
  const parts = [...Object.values(PARTS), ...others];
  const weights = await Promise.all(parts.map((part) => weightFiles(source, part)));
  // Which network draws which step is told by the model's own file.
  const own = others.length > 0 ? [OWN_FILE] : [];
  const configs = [...own, ...others.map(({ part }) => `${part}/config.json`)];
  const names = [...SMALL_FILES, ...configs, ...weights.flat()].sort();
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
