// Captions that are nearly right (NegCLIP, Yuksekgonul et al. 2023, "When and why vision-language models behave like
// bags-of-words"): without them, to name what a picture holds is enough to find it among others.

import { choose, shuffled } from "../scenes/choose.js";
import { COLOURS, DRAWINGS, SOLIDS } from "../scenes/kinds.js";
import { SYNONYMS } from "../scenes/phrases.js";
import type { RandomSource } from "../scenes/scene.js";

const withSynonyms = (nouns: readonly string[]): string[] => [
  ...nouns,
  ...Object.entries(SYNONYMS).flatMap(([noun, others]) => (nouns.includes(noun) ? others : [])),
];

/** Words that can stand for one another, so that the caption stays a caption. */
const LISTS: readonly (readonly string[])[] = [
  COLOURS,
  withSynonyms(SOLIDS),
  withSynonyms(DRAWINGS),
];

/** Words that say where, and their contraries. */
const CONTRARIES: Readonly<Record<string, string>> = {
  ...{ above: "below", below: "above", over: "under", under: "over" },
  ...{ left: "right", right: "left", top: "bottom", bottom: "top" },
};

const namesOf = (word: string): string[] => {
  const noun = Object.entries(SYNONYMS).find(([, others]) => others.includes(word))?.[0] ?? word;
  return [noun, ...(SYNONYMS[noun as keyof typeof SYNONYMS] ?? [])];
};

type Edit = (words: readonly string[]) => string[];

/** Another word in place of each word that has a list, none of them its synonym. */
function replacements(words: readonly string[], generator: RandomSource): Edit[] {
  return words.flatMap((word, i) => {
    const list = LISTS.find((words) => words.includes(word));
    if (!list) return [];
    const others = list.filter((other) => !namesOf(word).includes(other));
    return [(text: readonly string[]) => text.with(i, choose(generator, others))];
  });
}

/** The colours of two things exchanged, or two words of one list. */
function exchanges(words: readonly string[]): Edit[] {
  return LISTS.flatMap((list) => {
    const places = words.flatMap((word, i) => (list.includes(word) ? [i] : []));
    const [a, b] = places;
    // Two drawn things exchanged say the same again.
    if (a === undefined || b === undefined || list === LISTS[2]) return [];
    if (namesOf(words[a]!).includes(words[b]!)) return [];
    return [(text: readonly string[]) => text.with(a, words[b]!).with(b, words[a]!)];
  });
}

/** "above" for "below" and so on, where that is not said of the background ("under a night sky"). */
function contraries(words: readonly string[]): Edit[] {
  return words.flatMap((word, i) => {
    const contrary = CONTRARIES[word];
    if (contrary === undefined || words.slice(i + 1, i + 5).includes("night")) return [];
    return [(text: readonly string[]) => text.with(i, contrary)];
  });
}

/**
 * A caption that differs from a true one by one word or one exchange, and says something else. A caption that names
 * nothing known comes back as it is.
 */
export function wrongCaption(caption: string, generator: RandomSource): string {
  const words = caption.split(/\b/);
  const ways = [replacements(words, generator), exchanges(words), contraries(words)];
  const possible = shuffled(generator, ways).find((edits) => edits.length > 0);
  return possible ? choose(generator, possible)(words).join("") : caption;
}
