// Where a model's files come from: a folder, an address, an archive. What reading a model needs, and no more.

import type { z } from "zod";

import type { ByteSource } from "./byte-source.js";
import { checkJson, parseJson } from "./json-value.js";

/** The file that makes a folder a model: it names the parts of the pipeline. */
export const MODEL_INDEX = "model_index.json";

/** Our own file beside diffusers': what to draw with, and which model has the parts that a folder leaves out. */
export const OWN_FILE = "followspot.json";

/** A model's files by their names in a diffusers folder, such as "unet/config.json". */
export interface ModelSource {
  /** The folder or address, as messages tell it. */
  readonly name: string;
  /** Whether there is such a file. */
  has(file: string): Promise<boolean>;
  /** A file's bytes. Throws FollowspotError when there is no such file. */
  open(file: string): Promise<ByteSource>;
}

/** The text of one of a model's files, in UTF-8. Throws as `open`. */
export async function readSourceText(source: ModelSource, file: string): Promise<string> {
  const bytes = await source.open(file);
  return new TextDecoder().decode(await bytes.read(0, bytes.size));
}

/** The JSON value of one of a model's files. Throws FollowspotError when missing or no JSON. */
export async function readSourceJson(source: ModelSource, file: string): Promise<unknown> {
  return parseJson(await readSourceText(source, file), `${source.name}/${file}`);
}

/** As readSourceJson, checked by a schema; the error lists every field at fault. */
export async function readSourceJsonAs<T>(
  source: ModelSource,
  file: string,
  schema: z.ZodType<T>,
): Promise<T> {
  return checkJson(await readSourceJson(source, file), `${source.name}/${file}`, schema);
}
