// The things that a caption names, found again in its words.

import { COLOURS, NOUNS } from "./kinds.js";
import { SYNONYMS } from "./phrases.js";

const names = [...NOUNS, ...Object.values(SYNONYMS).flat()].join("|");
const THING = new RegExp(`\\b(?:(?:${COLOURS.join("|")}) )?(?:${names})\\b`, "g");

/** Phrases such as "red cube" and "cat" in the order of the caption; each but its first time with "#2" and so on. */
export function namedThings(caption: string): string[] {
  const found = caption.toLowerCase().match(THING) ?? [];
  return found.map((phrase, i) => {
    const times = found.slice(0, i + 1).filter((other) => other === phrase).length;
    return times === 1 ? phrase : `${phrase}#${times}`;
  });
}
