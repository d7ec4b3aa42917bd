// The files of a tokenizer folder, read and checked: vocabulary, merges and special tokens.

import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import { explainIssue, faultsOf } from "../../io/json-issues.js";

/** A special token's name; written plainly it is matched as it stands, not in lower-cased text. */
const named = z
  .union([
    z.string().transform((content) => ({ content, normalized: false })),
    z.object({ content: z.string(), normalized: z.boolean().default(true) }),
  ])
  .nullish();
const specials = z.object({
  bos_token: named,
  eos_token: named,
  unk_token: named,
  pad_token: named,
});
const addedToken = z.object({ content: z.string(), normalized: z.boolean().default(false) });
type AddedName = z.infer<typeof addedToken>;

/** Longer lengths mean that the folder names none. */
const LONGEST = 100_000;

const config = specials.extend({
  model_max_length: z.number().optional(),
  added_tokens_decoder: z.record(z.string(), addedToken).optional(),
});
const vocabulary = z.record(z.string(), z.number().int().nonnegative());

/** The texts of the files; only vocabulary and merges are required. */
export interface TokenizerFiles {
  readonly "vocab.json": string;
  readonly "merges.txt": string;
  readonly "special_tokens_map.json"?: string | undefined;
  readonly "tokenizer_config.json"?: string | undefined;
}

/** A token that is found in the text before anything is cut. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  readonly anyCase: boolean; // found in the lower-cased text
}

export interface TokenizerData {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly ranks: ReadonlyMap<string, number>;
  readonly added: readonly AddedToken[];
  readonly bos: number;
  readonly eos: number;
  readonly unknown: number;
  readonly pad: number;
  readonly maxLength: number;
}

function parse<T>(name: string, text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text), { error: explainIssue });
  } catch (cause) {
    const why = cause instanceof z.ZodError ? faultsOf(cause)[0] : (cause as Error).message;
    throw new FollowspotError(`tokenizer: expected a valid ${name}, got: ${why}.`, { cause });
  }
}

function readRanks(text: string, known: ReadonlyMap<string, number>): Map<string, number> {
  const ranks = new Map<string, number>();
  text.split("\n").forEach((raw, index) => {
    const line = raw.replace(/\r$/, "");
    if (line === "" || (index === 0 && line.startsWith("#version"))) return;
    const parts = line.split(" ");
    if (
      parts.length !== 2 ||
      !parts.every((part) => known.has(part)) ||
      !known.has(parts.join(""))
    ) {
      throw new FollowspotError(
        `tokenizer: expected two symbols of vocab.json that merge into a third at merges.txt line ${index + 1}, got "${line}".`,
      );
    }
    ranks.set(line, ranks.size);
  });
  return ranks;
}

/** The named tokens in order, a later naming overruling an earlier one, and those that the folder lists. */
function addedTokens(
  names: readonly AddedName[],
  known: ReadonlyMap<string, number>,
  listed: Readonly<Record<string, AddedName>>,
): Map<string, AddedToken> {
  const added = new Map<string, AddedToken>();
  for (const { content, normalized } of names) {
    const id = known.get(content);
    if (id !== undefined) added.set(content, { content, id, anyCase: normalized });
  }
  for (const [id, { content, normalized }] of Object.entries(listed)) {
    added.set(content, { content, id: Number(id), anyCase: normalized });
  }
  const missing = names.find(({ content }) => !added.has(content));
  if (missing) {
    throw new FollowspotError(
      `tokenizer: expected "${missing.content}" in vocab.json, found none.`,
    );
  }
  return added;
}

/**
 * Read the texts of a tokenizer folder.
 *
 * As in transformers, special_tokens_map.json overrules tokenizer_config.json, unless the latter lists
 * `added_tokens_decoder`; what neither names is CLIP's default.
 *
 * @throws FollowspotError when a file is not what it should be.
 */
export function readTokenizerFiles(files: TokenizerFiles): TokenizerData {
  const known = new Map(Object.entries(parse("vocab.json", files["vocab.json"], vocabulary)));
  const settings = parse("tokenizer_config.json", files["tokenizer_config.json"] ?? "{}", config);
  const mapText = settings.added_tokens_decoder ? "{}" : files["special_tokens_map.json"];
  const map = parse("special_tokens_map.json", mapText ?? "{}", specials);
  const nameOf = (key: keyof typeof map, usual: AddedName): AddedName =>
    map[key] ?? settings[key] ?? usual;
  const eos = nameOf("eos_token", { content: "<|endoftext|>", normalized: true });
  const names = {
    bos: nameOf("bos_token", { content: "<|startoftext|>", normalized: true }),
    eos,
    unknown: nameOf("unk_token", { content: "<|endoftext|>", normalized: true }),
    pad: nameOf("pad_token", eos),
  };
  const added = addedTokens(Object.values(names), known, settings.added_tokens_decoder ?? {});
  const idOf = ({ content }: AddedName): number => added.get(content)!.id;
  return {
    vocabulary: known,
    ranks: readRanks(files["merges.txt"], known),
    bos: idOf(names.bos),
    eos: idOf(names.eos),
    unknown: idOf(names.unknown),
    pad: idOf(names.pad),
    added: [...added.values()],
    maxLength: maxLengthOf(settings.model_max_length),
  };
}

/** Folders that name no length carry a huge number instead. */
function maxLengthOf(length: number | undefined): number {
  return length !== undefined && Number.isInteger(length) && length <= LONGEST ? length : 77;
}
