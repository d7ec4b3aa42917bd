// Makes the shipped model's tokenizer: merges learned from our captions and a list of common words.
//
// Run from the root of the repository: npx tsx scripts/vocabulary.ts

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { Generator } from "../src/core/generator.js";
import { learnMerges, tokenizerFiles } from "../src/models/tokenizer/learn.js";
import { cutPieces } from "../src/models/tokenizer/pieces.js";
import { sampleScene } from "../src/training/scenes/index.js";

const OUT = new URL("../models/stage/tokenizer/", import.meta.url);
const WORDS = new URL("vocabulary-words.txt", import.meta.url);
const SEED = 20_240n;
const CAPTIONS = 50_000;
const COMMON_WEIGHT = 20; // a common word counts as much as this many in captions
const MAXIMUM_ENTRIES = 2048;
const MAX_LENGTH = 77;

/** Left out of learning, so that they split (butter|fly) and the shipped model exercises words of several tokens. */
const SPLIT_WORDS = new Set(["butterfly", "mushroom", "sailboat"]);

const counts = new Map<string, number>();
const count = (text: string, weight: number): void => {
  for (const { text: word } of cutPieces(text, 0)) {
    if (!SPLIT_WORDS.has(word)) counts.set(word, (counts.get(word) ?? 0) + weight);
  }
};

const generator = new Generator(SEED);
for (let n = 0; n < CAPTIONS; n++) count(sampleScene(generator, { split: "train" }).caption, 1);
count(await readFile(WORDS, "utf8"), COMMON_WEIGHT);

const merges = learnMerges(counts, {
  maximum: MAXIMUM_ENTRIES - 2 * 256 - 2,
  minimum: COMMON_WEIGHT,
});
await mkdir(OUT, { recursive: true });
for (const [name, text] of Object.entries(tokenizerFiles(merges, MAX_LENGTH))) {
  await writeFile(new URL(name, OUT), text);
}
console.log(`${counts.size} words, ${merges.length} merges, ${merges.length + 514} entries`);
