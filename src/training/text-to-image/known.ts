// What a model trained on rendered scenes can know, as the exported folder tells it.

import { BACKGROUNDS, COLOURS, DRAWINGS, SOLIDS, knownWords } from "../scenes/index.js";

/** The contents of words.json: names by kind, then the other words of captions. */
export function knownByKind(): Record<string, readonly string[]> {
  const kinds = { colours: COLOURS, solids: SOLIDS, drawings: DRAWINGS, backgrounds: BACKGROUNDS };
  const named = new Set(Object.values(kinds).flatMap((names) => names.join(" ").split(" ")));
  return { ...kinds, words: knownWords().filter((word) => !named.has(word)) };
}
