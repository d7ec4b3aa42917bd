// Held-out scenes with what the probe needs: latents' source, caption, and each noun's tokens and box.

import { Generator } from "../../src/core/generator.js";
import { locateWords } from "../../src/models/tokenizer/index.js";
import type { Encoding, Tokenizer } from "../../src/models/tokenizer/index.js";
import { loadDrawings, renderScene, sampleScene } from "../../src/training/scenes/index.js";
import type { Box } from "../../src/training/scenes/index.js";

const SEED = 900_000n; // far from the training pool's
const SIZE = 96;

export interface ProbeScene {
  readonly picture: Uint8Array;
  readonly encoding: Encoding;
  readonly things: readonly { readonly tokens: readonly number[]; readonly box: Box }[];
}

/** Scenes whose combinations training never showed, with captions that name every noun in plain words. */
export async function heldOutScenes(tokenizer: Tokenizer, count: number): Promise<ProbeScene[]> {
  const drawings = await loadDrawings();
  const scenes: ProbeScene[] = [];
  for (let seed = SEED; scenes.length < count; seed++) {
    const { scene, caption } = sampleScene(new Generator(seed), { split: "heldout" });
    const encoding = tokenizer.encode(caption);
    const nouns = scene.things.map(({ kind }) => kind);
    const named = nouns.every((noun) => new RegExp(`\\b${noun}\\b`).test(caption));
    if (!named || new Set(nouns).size < nouns.length) continue;
    const things = scene.things.map(({ kind, box }) => ({
      tokens: locateWords(encoding, kind).tokens,
      box,
    }));
    scenes.push({ picture: renderScene(scene, SIZE, drawings), encoding, things });
  }
  return scenes;
}
