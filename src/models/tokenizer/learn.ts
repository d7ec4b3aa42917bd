// Learning merges from counted words (Sennrich et al., 2016), and writing the files of a tokenizer folder.

import { joinPair } from "./byte-pairs.js";
import { BYTE_SYMBOLS, WORD_END, spell } from "./bytes.js";

export const BOS = "<|startoftext|>";
export const EOS = "<|endoftext|>";

interface CountedWord {
  symbols: string[];
  readonly count: number;
}

function startOf(word: string): string[] {
  const bytes = spell(word);
  return [...bytes.slice(0, -1), `${bytes[bytes.length - 1]}${WORD_END}`];
}

/** The most frequent pair; among equals the first in code point order, so that the result is decided. */
function mostFrequent(words: readonly CountedWord[]): readonly [string, number] | undefined {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]} ${symbols[i + 1]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best: readonly [string, number] | undefined;
  for (const [pair, count] of counts) {
    if (!best || count > best[1] || (count === best[1] && pair < best[0])) best = [pair, count];
  }
  return best;
}

/**
 * Learn merges, most frequent first.
 *
 * @param counts how often each normalised word occurs
 * @param maximum most merges to learn
 * @param minimum fewest occurrences of a pair worth a merge
 * @returns lines of merges.txt, "left right"
 */
export function learnMerges(
  counts: ReadonlyMap<string, number>,
  { maximum, minimum = 1 }: { maximum: number; minimum?: number },
): string[] {
  const words = Array.from(counts, ([word, count]) => ({ symbols: startOf(word), count }));
  const merges: string[] = [];
  while (merges.length < maximum) {
    const best = mostFrequent(words);
    if (!best || best[1] < minimum) break;
    const [left, right] = best[0].split(" ") as [string, string];
    for (const word of words) word.symbols = joinPair(word.symbols, left, right);
    merges.push(best[0]);
  }
  return merges;
}

/** The vocabulary in CLIP's order: bytes, bytes that end a word, merges, start, end. */
export function vocabularyOf(merges: readonly string[]): string[] {
  const ends = BYTE_SYMBOLS.map((symbol) => symbol + WORD_END);
  return [...BYTE_SYMBOLS, ...ends, ...merges.map((merge) => merge.replace(" ", "")), BOS, EOS];
}

/** The five files that CLIP's tokenizers of transformers load, slow and fast. */
export function tokenizerFiles(
  merges: readonly string[],
  maxLength: number,
): Readonly<Record<string, string>> {
  const symbols = vocabularyOf(merges);
  const vocabulary = Object.fromEntries(symbols.map((symbol, id) => [symbol, id]));
  const special = (content: string) => ({
    content,
    lstrip: false,
    normalized: true,
    rstrip: false,
    single_word: false,
  });
  const settings = {
    add_prefix_space: false,
    bos_token: special(BOS),
    do_lower_case: true,
    eos_token: special(EOS),
    errors: "replace",
    model_max_length: maxLength,
    pad_token: special(EOS),
    tokenizer_class: "CLIPTokenizer",
    unk_token: special(EOS),
  };
  const names = {
    bos_token: special(BOS),
    eos_token: special(EOS),
    pad_token: special(EOS),
    unk_token: special(EOS),
  };
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  return {
    "vocab.json": `${JSON.stringify(vocabulary)}\n`,
    "merges.txt": ["#version: 0.2", ...merges, ""].join("\n"),
    "special_tokens_map.json": json(names),
    "tokenizer_config.json": json(settings),
    "tokenizer.json": json(fastTokenizer(vocabulary, merges)),
  };
}

/** What of a fast tokenizer merges byte pairs; none is left out at random. */
const bytePairModel = (
  vocabulary: Readonly<Record<string, number>>,
  merges: readonly string[],
) => ({
  type: "BPE",
  dropout: null,
  unk_token: EOS,
  continuing_subword_prefix: "",
  end_of_word_suffix: WORD_END,
  fuse_unk: false,
  byte_fallback: false,
  ignore_merges: false,
  vocab: vocabulary,
  merges,
});

/** The description from which the tokenizers library builds CLIP's tokenizer. */
function fastTokenizer(vocabulary: Readonly<Record<string, number>>, merges: readonly string[]) {
  const idOf = (token: string): number => vocabulary[token]!;
  const added = [BOS, EOS].map((content) => ({
    id: idOf(content),
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: true,
    special: true,
  }));
  const pattern =
    "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  const bytes = { type: "ByteLevel", trim_offsets: true, use_regex: true };
  const whitespace = { type: "Replace", pattern: { Regex: "\\s+" }, content: " " };
  const split = { type: "Split", pattern: { Regex: pattern }, behavior: "Removed", invert: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: {
      type: "Sequence",
      normalizers: [{ type: "NFC" }, whitespace, { type: "Lowercase" }],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [split, { ...bytes, add_prefix_space: false }],
    },
    post_processor: {
      type: "RobertaProcessing",
      sep: [EOS, idOf(EOS)],
      cls: [BOS, idOf(BOS)],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { ...bytes, add_prefix_space: true },
    model: bytePairModel(vocabulary, merges),
  };
}
