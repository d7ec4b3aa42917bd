// The observation that Directed Diffusion stands on (Ma et al., AAAI 2024), for a model of ours: held-out
// scenes, noised, and where the cross-attention of their nouns and of the trailing positions looks.
//
//   npx tsx scripts/observation-figure.ts [--model models/stage] [--level 0.6] [--output FILE]

import { parseArgs } from "node:util";
import sharp from "sharp";
import { LocalisationProbe } from "../bench/localisation/probe.js";
import type { Observation } from "../bench/localisation/probe.js";
import { heldOutScenes } from "../bench/localisation/scenes.js";
import type { ProbeScene } from "../bench/localisation/scenes.js";
import { nodeRuntime } from "../src/engine/runtime/node.js";
import { writeFileAtomic } from "../src/io/atomic.js";
import { BOX_COLOURS, drawBoxes } from "../src/io/box-overlay.js";
import { contactSheet } from "../src/io/contact-sheet.js";
import { pictureOf, sharpOf } from "../src/io/image.js";
import type { Picture } from "../src/io/image.js";
import { AttentionMap, AttentionShare } from "../src/pipelines/score-attention.js";
import { heatmapOver } from "../src/pipelines/score-heatmap.js";
import { PictureDecoder } from "../src/pipelines/text-to-image-ends.js";
import { readPipelineFolder } from "../src/pipelines/text-to-image-folder.js";
import { PARTS } from "../src/pipelines/text-to-image-model.js";
import { openPart } from "../src/pipelines/text-to-image-weights.js";

const ROWS = 4;
const THINGS = 2; // of each scene shown, so that all rows have as many pictures
const SIDE = 96; // pixels of a rendered scene
const SCALE = 2;

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "models/stage" },
    level: { type: "string", default: "0.6" },
    output: { type: "string", default: "docs/results/stage/observation.png" },
  },
});
const level = Number(values.level);

/** The first scenes with as many things as the figure has columns for them. */
async function chooseScenes(probe: LocalisationProbe): Promise<ProbeScene[]> {
  for (let count = 2 * LocalisationProbe.batch; ; count *= 2) {
    const scenes = await heldOutScenes(probe.tokenizer, count);
    const fitting = scenes.filter(({ things }) => things.length === THINGS);
    if (fitting.length >= LocalisationProbe.batch) return fitting.slice(0, LocalisationProbe.batch);
  }
}

async function openDecoder(name: string): Promise<PictureDecoder> {
  const model = await readPipelineFolder(name);
  const weights = await openPart(model.source, PARTS.vae);
  return new PictureDecoder(model.decoder, weights, { runtime: nodeRuntime(), threads: undefined });
}

const enlarged = (picture: Picture): Promise<Picture> =>
  pictureOf(sharpOf(picture).resize(SCALE * picture.width, null, { kernel: "nearest" }));

/** A picture with the map of some positions over it. */
function mapOver(
  picture: Picture,
  probe: LocalisationProbe,
  { maps }: Observation,
  row: number,
  positions: readonly number[],
): Picture {
  const map = new AttentionMap(probe.sites, row, positions);
  map.add(probe.sites, maps);
  return heatmapOver(picture, map);
}

/** One row of the figure: the scene, what the network sees, its nouns' maps and the trailing positions'. */
async function rowOf(
  probe: LocalisationProbe,
  observation: Observation,
  row: number,
  scene: ProbeScene,
  noisy: Picture,
): Promise<{ picture: Picture; label: string }[]> {
  const { encoding, things } = scene;
  const picture = await enlarged({ width: SIDE, height: SIDE, data: scene.picture });
  const cells = [
    { picture, label: encoding.text },
    { picture: await enlarged(noisy), label: `noised, t = ${level}` },
  ];
  for (const [index, { tokens, box }] of things.entries()) {
    const share = new AttentionShare(row, tokens, box);
    share.add(probe.sites, observation.maps);
    const ratio = share.value / ((box[2] - box[0]) * (box[3] - box[1]));
    const noun = encoding.text.slice(...spanOf(scene, tokens));
    const boxes = [{ box, label: noun, colour: BOX_COLOURS[index]! }];
    const map = mapOver(picture, probe, observation, row, tokens);
    cells.push({ picture: await drawBoxes(map, boxes), label: `${noun}: ${ratio.toFixed(2)}x` });
  }
  const { length } = encoding.ids;
  const trailing = Array.from({ length: length - encoding.length + 1 }, (_, i) => length - 1 - i);
  const rest = mapOver(picture, probe, observation, row, trailing);
  return [...cells, { picture: rest, label: "trailing positions" }];
}

function spanOf({ encoding }: ProbeScene, tokens: readonly number[]): [number, number] {
  return [encoding.spans[tokens[0]!]![0], encoding.spans[tokens.at(-1)!]![1]];
}

const probe = await LocalisationProbe.open(values.model);
const scenes = await chooseScenes(probe);
const observation = await probe.observe(scenes, level);
const decoder = await openDecoder(values.model);
const noisy = await decoder.decode(observation.noisy, ROWS);
const rows = await Promise.all(
  noisy.map((picture, row) => rowOf(probe, observation, row, scenes[row]!, picture)),
);
const cells = rows.flat();
const sheet = await contactSheet(
  cells.map(({ picture }) => picture),
  rows[0]!.length,
  cells.map(({ label }) => label),
);
// Noise does not compress: a palette takes a third of the bytes.
await writeFileAtomic(values.output, await sharp(sheet).png({ palette: true }).toBuffer());
console.log(values.output);
await decoder.release();
