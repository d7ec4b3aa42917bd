// The words that training captions are made of: what the shipped model can have learned.

import { COLOURS, NOUNS } from "./kinds.js";
import { BACKGROUND_PHRASES, FRAMES, SYNONYMS } from "./phrases.js";

const LINKS = "a an the and with";
const PLACES = "on the left right at top bottom in middle corner";
const RELATIONS = "above over below under to the left right of next beside";

/** Every word that a training caption can hold, lower case, each once. */
export function knownWords(): string[] {
  const texts = [
    ...NOUNS,
    ...COLOURS,
    ...Object.values(SYNONYMS).flat(),
    ...Object.values(BACKGROUND_PHRASES).flat(),
    ...FRAMES,
    LINKS,
    PLACES,
    RELATIONS,
  ];
  return [...new Set(texts.flatMap((text) => text.match(/[a-z]+/g) ?? []))];
}
