// A tokenizer's folder in Node.

import { readFile } from "node:fs/promises";
import { FollowspotError } from "../../core/errors.js";
import { Tokenizer } from "./tokenizer.js";

/**
 * Load the tokenizer of a diffusers folder: vocab.json, merges.txt and, where present, special_tokens_map.json and
 * tokenizer_config.json.
 *
 * @throws FollowspotError when a file is missing or not what it should be.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const required = async (name: string): Promise<string> => {
    try {
      return await readFile(`${folder}/${name}`, "utf8");
    } catch (cause) {
      throw new FollowspotError(`tokenizer: expected ${name} in ${folder}, found none.`, { cause });
    }
  };
  const optional = (name: string): Promise<string | undefined> =>
    readFile(`${folder}/${name}`, "utf8").catch(() => undefined);
  return Tokenizer.from({
    "vocab.json": await required("vocab.json"),
    "merges.txt": await required("merges.txt"),
    "special_tokens_map.json": await optional("special_tokens_map.json"),
    "tokenizer_config.json": await optional("tokenizer_config.json"),
  });
}
