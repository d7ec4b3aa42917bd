// Has a person look at 60 generated pictures, and says how often the judge agrees.
//
// From the root of the repository, after `followspot evaluate placement`:
//   npx tsx scripts/eye-labels.ts choose runs/placement/FOLDER   # pictures, sheets and open questions
//   (look at the sheets; in labels.json answer each "?" with missing, in, out, or "in, other colour")
//   npx tsx scripts/eye-labels.ts report                         # the agreement, as JSON and as a page

import { existsSync } from "node:fs";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { FollowspotError } from "../src/core/errors.js";
import { nodeRuntime } from "../src/engine/runtime/node.js";
import { writeFileAtomic } from "../src/io/atomic.js";
import { decodeImage } from "../src/io/image.js";
import type { Picture } from "../src/io/image.js";
import { encodePng } from "../src/io/png.js";
import { readJsonAs, writeJson } from "../src/io/json.js";
import { loadDetector } from "../src/metrics/detector/index.js";
import { picturePath } from "../src/metrics/evaluation-pictures.js";
import { RECORDS_FILE } from "../src/metrics/evaluation-records.js";
import {
  EYE_PICTURES,
  EYE_RULE,
  EyeLabels,
  agreementWithEye,
  eyeLabelsText,
  eyeMarkdown,
  methodAt,
  unanswered,
} from "../src/metrics/eye-labels.js";
import { placementSheet } from "../src/metrics/placement-sheet.js";
import { CEILING, scoreTriple } from "../src/metrics/placement-table.js";
import { readProtocol } from "../src/metrics/protocol.js";
import { cutTiles, joinTiles } from "../src/metrics/tiles.js";
import type { ProtocolSplit, ProtocolTriple } from "../src/training/scenes/index.js";

const OUT = "docs/results/placement/eye";
const LABELS = join(OUT, "labels.json");
const PICTURES = join(OUT, "pictures.png");
const COMMAND = "npx tsx scripts/eye-labels.ts report";
const DETECTOR = "models/detector";
const TILE_COLUMNS = 10;
const SHEET_PICTURES = 12;
// Large enough to see on which side of a box's edge a middle lies.
const SHEET_LAYOUT = { columns: 4, side: 380 };

/** What a run's records belong to. */
interface RunHeader {
  readonly model: string;
  readonly digest: string;
  readonly split: ProtocolSplit;
}

async function headerOf(folder: string): Promise<RunHeader> {
  const [first] = (await readFile(join(folder, RECORDS_FILE), "utf8")).split("\n");
  return JSON.parse(first!) as RunHeader;
}

async function choose(folder: string): Promise<void> {
  const known = existsSync(LABELS) ? await readJsonAs(LABELS, EyeLabels) : undefined;
  if (known?.pictures.some(({ things }) => things.some(({ eye }) => eye !== "?"))) {
    throw new FollowspotError(`eye labels: expected no answers in ${LABELS} yet, got some.`, {
      remedy: "Remove the file to begin anew.",
    });
  }
  const { model, digest, split } = await headerOf(folder);
  const triples = (await readProtocol())[split].slice(0, EYE_PICTURES);
  const found = await readdir(join(folder, "pictures"));
  const methods = found.filter((name) => name !== CEILING).sort();
  const chosen = triples.map((triple, i) => ({ triple, method: methodAt(i, methods) }));
  const pictures = await Promise.all(
    chosen.map(({ triple, method }) => decodeImage(picturePath(folder, method, triple.id))),
  );
  await mkdir(OUT, { recursive: true });
  const { data, width, height } = joinTiles(pictures, TILE_COLUMNS);
  await writeFileAtomic(PICTURES, await encodePng(data, width, height));
  const entries = chosen.map(({ triple: { id, prompt, boxes }, method }, i) => {
    const things = boxes.map(({ words }) => ({ words, eye: "?" as const }));
    return { number: i + 1, id, method, prompt, things };
  });
  const labels = { rule: EYE_RULE, model, digest, pictures: entries };
  await writeFileAtomic(LABELS, eyeLabelsText(labels));
  await writeSheets(pictures, triples);
  console.log(`${pictures.length} pictures of ${methods.join(", ")}: ${OUT}`);
}

/** The pictures with the boxes asked for; neither the method nor the judge's finds are told. */
async function writeSheets(
  pictures: readonly Picture[],
  triples: readonly ProtocolTriple[],
): Promise<void> {
  for (let start = 0; start < pictures.length; start += SHEET_PICTURES) {
    const shown = triples.slice(start, start + SHEET_PICTURES);
    const captions = shown.map(({ prompt }, i) => `${start + i + 1}: ${prompt}`);
    const these = pictures.slice(start, start + SHEET_PICTURES);
    const sheet = await placementSheet(these, shown, captions, SHEET_LAYOUT);
    const small = await sharp(sheet).jpeg({ quality: 85 }).toBuffer();
    await writeFileAtomic(join(OUT, `sheet-${start / SHEET_PICTURES + 1}.jpg`), small);
  }
}

async function report(): Promise<void> {
  const labels = await readJsonAs(LABELS, EyeLabels);
  const open = unanswered(labels);
  if (open.length > 0) {
    throw new FollowspotError(
      `eye labels: expected an answer for all, got none for ${open.join(", ")}.`,
    );
  }
  const protocol = await readProtocol();
  const triples = [...protocol.test, ...protocol.tune];
  const pictures = cutTiles(await decodeImage(PICTURES), TILE_COLUMNS, labels.pictures.length);
  const detector = await loadDetector(DETECTOR, nodeRuntime(), { threads: 1 });
  const scores = [];
  for (const [i, { id }] of labels.pictures.entries()) {
    const finds = await detector.detect(pictures[i]!);
    scores.push(
      scoreTriple(
        finds,
        triples.find((triple) => triple.id === id)!,
      ),
    );
  }
  await detector.release();
  const agreement = agreementWithEye(labels, scores);
  await writeJson(join(OUT, "agreement.json"), { command: COMMAND, ...agreement });
  const page = eyeMarkdown(labels, agreement, COMMAND);
  await writeFileAtomic(join(OUT, "README.md"), page);
  console.log(page);
}

const [command, folder] = process.argv.slice(2);
if (command === "choose" && folder !== undefined) await choose(folder);
else if (command === "report") await report();
else {
  console.error("eye-labels: expected `choose FOLDER` or `report`.");
  process.exitCode = 2;
}
