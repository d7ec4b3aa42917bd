// Boxes are tied to words: which tokens of a prompt they are, and what to warn of before drawing.

import { FollowspotError } from "../core/errors.js";
import { locateWords, nearestWords } from "../models/tokenizer/index.js";
import type { Encoding, Location } from "../models/tokenizer/index.js";
import type { BoxTokens } from "./draw-request.js";

/** The text of each token as it stands in the prompt. */
function describe({ text, spans }: Encoding, { tokens }: Location): BoxTokens["tokens"] {
  return tokens.map((index) => {
    const span = spans[index];
    return { index, text: span ? text.slice(...span) : "" };
  });
}

/**
 * The tokens of each phrase in a prompt.
 *
 * @param what - the phrases are for, as messages call it
 * @throws FollowspotError when the prompt lacks a phrase (its nearest words named), has it past the last
 *   token, or when two phrases are the same tokens
 */
export function findPhrases(
  encoding: Encoding,
  phrases: readonly string[],
  what: "box" | "heatmap" = "box",
): BoxTokens[] {
  const found = phrases.map((words) => {
    return { words, tokens: describe(encoding, locateWords(encoding, words)) };
  });
  const seen = new Map<string, string>();
  for (const { words, tokens } of found) {
    const key = tokens.map(({ index }) => index).join();
    const other = seen.get(key);
    if (other !== undefined) {
      throw new FollowspotError(
        `${what}: expected one ${what} per phrase, got two for the same words: "${other}" and "${words}".`,
        { remedy: `For words that stand twice in the prompt, write "${words}#2" for the second.` },
      );
    }
    seen.set(key, words);
  }
  return found;
}

/** What a person should know of a prompt before it is drawn, a line each. */
export function promptWarnings(
  encoding: Encoding,
  phrases: readonly string[],
  known: ReadonlySet<string> | undefined,
): string[] {
  return [
    ...cutWarning(encoding),
    ...phrases.flatMap((phrase) => repeatWarning(encoding, phrase)),
    ...(known ? unknownWords(encoding, known) : []),
  ];
}

/** @param what - whose end was cut, as a person calls it; the prompt's when absent */
export function cutWarning({ lost, ids }: Encoding, what = ""): string[] {
  if (lost === "") return [];
  return [`warning: the model reads ${ids.length - 2} tokens${what}; "${lost}" is left out.`];
}

function repeatWarning(encoding: Encoding, phrase: string): string[] {
  const { occurrences } = locateWords(encoding, phrase);
  if (occurrences === 1 || phrase.includes("#")) return [];
  return [
    `warning: "${phrase}" stands ${occurrences} times in the prompt; the first is meant. ` +
      `Write "${phrase}#2" for the second.`,
  ];
}

function unknownWords({ words }: Encoding, known: ReadonlySet<string>): string[] {
  const strange = words
    .map(({ text }) => text)
    .filter((text) => /[\p{L}\p{N}]/u.test(text) && !known.has(text));
  return [...new Set(strange)].map((word) => {
    const near = nearestWords(word, [...known].filter(Boolean));
    return (
      `warning: the model never saw "${word}" in training; ` +
      `nearest that it knows: ${near.map((each) => `"${each}"`).join(", ")}.`
    );
  });
}
