// Held-out scenes with what the probe needs: latents' source, caption, and each noun's tokens and box.

import { Generator } from "../../src/core/generator.js";
import { locateWords } from "../../src/models/tokenizer/index.js";
import type { Encoding, Tokenizer } from "../../src/models/tokenizer/index.js";
import { loadDrawings, renderScene, sampleScene } from "../../src/training/scenes/index.js";
import type { Box, Noun } from "../../src/training/scenes/index.js";

const SEED = 900_000n; // far from the training pool's
const SINGLE_SEED = 950_000n;
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

/** Scenes of one solid or one drawn thing, with captions that name it in plain words. */
export async function singleScenes(
  tokenizer: Tokenizer,
  count: number,
  kinds: readonly Noun[],
): Promise<(ProbeScene & { readonly caption: string; readonly noun: Noun })[]> {
  const drawings = await loadDrawings();
  const scenes: (ProbeScene & { caption: string; noun: Noun })[] = [];
  for (let seed = SINGLE_SEED; scenes.length < count; seed++) {
    const { scene, caption } = sampleScene(new Generator(seed), { counts: [1, 0, 0] });
    const { kind: noun, box } = scene.things[0]!;
    if (!kinds.includes(noun) || !new RegExp(`\\b${noun}\\b`).test(caption)) continue;
    const encoding = tokenizer.encode(caption);
    const things = [{ tokens: locateWords(encoding, noun).tokens, box }];
    scenes.push({ picture: renderScene(scene, SIZE, drawings), encoding, things, caption, noun });
  }
  return scenes;
}
