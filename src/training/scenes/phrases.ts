// The words of captions: names of things, sentence frames and background phrases.

import type { BackgroundName, Noun } from "./kinds.js";

/** Words said sparingly in place of a noun. */
export const SYNONYMS: Partial<Record<Noun, readonly string[]>> = {
  cube: ["block"],
  sphere: ["ball"],
  torus: ["ring", "donut"],
  cat: ["kitten"],
  dog: ["puppy"],
  car: ["automobile"],
  house: ["cottage"],
  boat: ["sailboat"],
  flower: ["tulip"],
  rabbit: ["bunny"],
  turtle: ["tortoise"],
  tree: ["oak"],
};

/** How a caption says where the scene is. */
export const BACKGROUND_PHRASES: Record<BackgroundName, readonly string[]> = {
  meadow: ["on a meadow", "in a meadow", "on the grass"],
  beach: ["at the beach", "on a beach", "on a sandy beach"],
  desert: ["in the desert", "in a desert", "in a dry desert"],
  "night sky": ["in the night sky", "under a night sky", "at night"],
  snow: ["in the snow", "on the snow", "in the deep snow"],
  room: ["in a room", "in the room", "in an empty room"],
  sea: ["at sea", "on the sea", "in the calm sea"],
  grey: ["on a grey background", "on plain grey", "on a plain grey background"],
};

/** What may stand before the things; "{}" marks them. */
export const FRAMES: readonly string[] = [
  "a picture of {}",
  "a drawing of {}",
  "a simple picture of {}",
  "an image of {}",
  "an illustration of {}",
  "a scene with {}",
  "there is {}",
  "here is {}",
  "we see {}",
  "{}, flat colours",
  "{}, simple drawing",
];

/** "a" or "an", by the first letter of what follows. */
export function withArticle(words: string): string {
  return `${/^[aeiou]/.test(words) ? "an" : "a"} ${words}`;
}
