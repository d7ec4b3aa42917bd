// Boxes are tied to words: finding a phrase's tokens in an encoded prompt.

import { FollowspotError } from "../../core/errors.js";
import { cutPieces } from "./pieces.js";
import type { EncodedWord, Encoding } from "./tokenizer.js";

const SUGGESTIONS = 3;
const HAS_LETTER = /[\p{L}\p{N}]/u;

export interface Location {
  readonly tokens: readonly number[]; // positions in the encoding's ids
  readonly occurrences: number; // how often the prompt holds the phrase
}

/** Levenshtein's distance: insertions, deletions and replacements that turn a into b. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Up to three of the candidates, nearest first; equally near ones keep their order. */
export function nearestWords(word: string, candidates: readonly string[]): string[] {
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map(({ candidate }) => candidate);
}

/** "cube#2" -> "cube", 2; no number means the first. */
function readPhrase(phrase: string): { words: string[]; occurrence: number } {
  const numbered = /^(.*?)#([1-9]\d*)\s*$/su.exec(phrase);
  const text = numbered ? numbered[1]! : phrase;
  const words = cutPieces(text, 0)
    .map((piece) => piece.text)
    .filter((word) => HAS_LETTER.test(word));
  return { words, occurrence: numbered ? Number(numbered[2]) : 1 };
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(", ");
}

function notFound(phrase: string, words: readonly string[], prompt: readonly string[]): never {
  const missing = words.filter((word) => !prompt.includes(word));
  if (prompt.length === 0) {
    throw new FollowspotError(`words: expected "${phrase}" in the prompt, which has no words.`);
  }
  if (missing.length === 0) {
    throw new FollowspotError(
      `words: expected "${phrase}" in the prompt, found its words but not next to one another in this order.`,
      { remedy: "Name words that follow one another in the prompt." },
    );
  }
  const near = missing.map((word) => `nearest to "${word}": ${quoted(nearestWords(word, prompt))}`);
  throw new FollowspotError(
    `words: expected "${phrase}" in the prompt, found no ${quoted(missing)}; ${near.join("; ")}.`,
  );
}

/**
 * The tokens of a phrase in an encoded prompt; case, blanks and punctuation do not matter.
 *
 * @param phrase words that follow one another in the prompt, e.g. "red cube"; "cube#2" means the second cube
 * @throws FollowspotError when the prompt lacks the words (naming its nearest ones), has too few occurrences, or holds them
 *   past the last token
 * @example locateWords(tokenizer.encode("a red cube"), "red cube").tokens // [2, 3]
 */
export function locateWords(encoding: Encoding, phrase: string): Location {
  const { words, occurrence } = readPhrase(phrase);
  if (words.length === 0) {
    throw new FollowspotError(`words: expected words of the prompt, got "${phrase}".`);
  }
  const prompt = encoding.words.filter(({ text }) => HAS_LETTER.test(text));
  const starts = prompt
    .map((_, index) => index)
    .filter((index) => words.every((word, k) => prompt[index + k]?.text === word));
  if (starts.length === 0) {
    notFound(
      phrase,
      words,
      prompt.map(({ text }) => text),
    );
  }
  const start = starts[occurrence - 1];
  if (start === undefined) {
    const name = words.join(" ");
    throw new FollowspotError(
      `words: expected at least ${occurrence} of "${name}" in the prompt, found ${starts.length}.`,
      { remedy: `Allowed: "${name}#1" to "${name}#${starts.length}".` },
    );
  }
  const found = prompt.slice(start, start + words.length);
  refuseCut(encoding, phrase, found);
  return {
    tokens: found.flatMap(({ tokens }) => tokens),
    occurrences: starts.length,
  };
}

function refuseCut(encoding: Encoding, phrase: string, found: readonly EncodedWord[]): void {
  if (!found.some(({ cut }) => cut)) return;
  throw new FollowspotError(
    `words: expected "${phrase}" among the first ${encoding.ids.length - 2} tokens of the prompt, got it past the cut ("${encoding.lost}" is lost).`,
    { remedy: "Shorten the prompt, or name these words earlier." },
  );
}
