// The evaluation: every method draws the protocol's pictures, both judges look, and the table is made.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../io/atomic.js";
import { decodeImage, encodePng } from "../io/image.js";
import type { Picture } from "../io/image.js";
import { writeJson } from "../io/json.js";
import type {
  Box,
  PlacementProtocol,
  ProtocolSplit,
  ProtocolTriple,
} from "../training/scenes/index.js";
import { judgeSolids } from "./colour-judge.js";
import type { Detector } from "./detector/index.js";
import { PlacementRecords } from "./evaluation-records.js";
import type { PlacementRecord, RecordsHeader } from "./evaluation-records.js";
import { agreementOf } from "./agreement.js";
import type { Agreement } from "./agreement.js";
import { evaluationMarkdown } from "./evaluation-report.js";
import { placementSheet } from "./placement-sheet.js";
import {
  CEILING,
  CHANCE,
  PLAIN,
  detailsOf,
  rowOf,
  scoreByChance,
  scoreTriple,
} from "./placement-table.js";
import type { MethodScores, PlacementTableRow, RowDetails } from "./placement-table.js";
import { triplesOf } from "./protocol.js";

/** A picture to draw. */
export interface PlacementDraw {
  readonly prompt: string;
  readonly boxes: readonly { readonly words: string; readonly box: Box }[];
  readonly seed: bigint;
  /** A method's name; `none` draws plainly and has boxes all the same, to be left aside. */
  readonly method: string;
}

/** A picture drawn, and how many evaluations of the network it took. */
export interface DrawnForPlacement {
  readonly picture: Picture;
  readonly evaluations: number;
}

export interface PlacementEvaluation {
  readonly protocol: PlacementProtocol;
  readonly split: ProtocolSplit;
  /** How many of the split's triples; all when absent. */
  readonly count?: number;
  /** The model's name and digest, for the record. */
  readonly model: string;
  readonly digest: string;
  /** Whatever else the pictures depend on (steps, strength, digest of the detector), for the record. */
  readonly settings?: RecordsHeader;
  /** Methods in the order of the rows; `none` must be one of them. */
  readonly methods: readonly string[];
  readonly draw: (request: PlacementDraw) => Promise<DrawnForPlacement>;
  /** The best that the model's autoencoder lets through: a triple's rendered scene after the round trip. */
  readonly ceiling?: (triple: ProtocolTriple) => Promise<Picture>;
  readonly detector: Detector;
  /** Folder of the run: records, pictures, table. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What an evaluation finds; table.json holds the same. */
export interface PlacementResult {
  readonly model: string;
  readonly digest: string;
  readonly split: ProtocolSplit;
  readonly count: number;
  readonly settings: RecordsHeader;
  readonly rows: readonly PlacementTableRow[];
  readonly details: {
    readonly all: readonly RowDetails[];
    /** Triples whose combinations occur in training, and those whose do not. */
    readonly seen: readonly PlacementTableRow[];
    readonly unseen: readonly PlacementTableRow[];
    /** How often the judge without learning says the same of the solids, by method. */
    readonly agreement: Readonly<Record<string, Agreement>>;
  };
}

/** Pictures of each method that stay on disk, the first of the list: enough to label by eye. */
export const KEPT_PICTURES = 60;
/** Pictures of a sheet, the first of the list. */
export const SHEET_PICTURES = 24;

/**
 * Draws what the folder's records still lack, then writes table.json, table.md and a sheet for each
 * method into the folder. Runs on when it was cut short.
 *
 * Throws FollowspotError when the folder belongs to another evaluation; on abort the signal's reason.
 */
export async function evaluatePlacement(evaluation: PlacementEvaluation): Promise<PlacementResult> {
  const { protocol, split, methods, model, digest, settings = {}, folder } = evaluation;
  if (!methods.includes(PLAIN)) {
    throw new Error(`evaluate: expected ${PLAIN} among the methods, got ${methods.join(", ")}`);
  }
  const triples = triplesOf(protocol, split, evaluation.count);
  const { threshold } = evaluation.detector;
  const header = { protocol: protocol.version, split, model, digest, threshold, ...settings };
  const records = await PlacementRecords.open(folder, header);
  const drawn = evaluation.ceiling ? [...methods, CEILING] : [...methods];
  await drawMissing(evaluation, triples, drawn, records);
  const byMethod = new Map(
    drawn.map((method) => [method, triples.map(({ id }) => records.get(id, method)!)]),
  );
  const scores = scoresOf(byMethod, triples, protocol[split]);
  const pick = (unseen: boolean) => rowsOf(scores, triples, (triple) => triple.unseen === unseen);
  const result: PlacementResult = {
    model,
    digest,
    split,
    count: triples.length,
    settings,
    rows: scores.map(rowOf),
    details: {
      all: detailsOf(scores),
      seen: pick(false),
      unseen: pick(true),
      agreement: Object.fromEntries(
        [...byMethod].map(([method, list]) => [method, agreementOf(list, triples)]),
      ),
    },
  };
  await writeJson(join(folder, "table.json"), result);
  await writeFileAtomic(join(folder, "table.md"), evaluationMarkdown(result));
  for (const method of drawn) await writeSheet(folder, method, triples, records);
  return result;
}

/** Triple by triple, so that an evaluation that is cut short has the same pictures of every method. */
async function drawMissing(
  evaluation: PlacementEvaluation,
  triples: readonly ProtocolTriple[],
  methods: readonly string[],
  records: PlacementRecords,
): Promise<void> {
  const { signal, onProgress } = evaluation;
  let done = 0;
  for (const [index, triple] of triples.entries()) {
    for (const method of methods) {
      signal?.throwIfAborted();
      if (!records.get(triple.id, method)) {
        await records.add(await drawOne(evaluation, triple, method, index < KEPT_PICTURES));
      }
      onProgress?.(++done, triples.length * methods.length);
    }
  }
}

async function drawOne(
  evaluation: PlacementEvaluation,
  triple: ProtocolTriple,
  method: string,
  keep: boolean,
): Promise<PlacementRecord> {
  const { picture, evaluations } =
    method === CEILING
      ? { picture: await evaluation.ceiling!(triple), evaluations: 0 }
      : await evaluation.draw({
          prompt: triple.prompt,
          boxes: triple.boxes.map(({ words, box }) => ({ words, box })),
          seed: BigInt(triple.seed),
          method,
        });
  // Before the record, so that a picture on record is on disk.
  if (keep) await savePicture(evaluation.folder, method, triple.id, picture);
  const detections = await evaluation.detector.detect(picture);
  const secondJudge = judgeSolids(picture);
  return { id: triple.id, method, evaluations, detections, secondJudge };
}

function picturePath(folder: string, method: string, id: string): string {
  return join(folder, "pictures", method, `${id}.png`);
}

async function savePicture(
  folder: string,
  method: string,
  id: string,
  { data, width, height }: Picture,
): Promise<void> {
  await mkdir(join(folder, "pictures", method), { recursive: true });
  await writeFileAtomic(picturePath(folder, method, id), await encodePng(data, width, height));
}

function scoresOf(
  byMethod: ReadonlyMap<string, readonly PlacementRecord[]>,
  triples: readonly ProtocolTriple[],
  pool: readonly ProtocolTriple[],
): MethodScores[] {
  const mean = (list: readonly PlacementRecord[]): number =>
    list.reduce((sum, { evaluations }) => sum + evaluations, 0) / list.length;
  const plain = byMethod.get(PLAIN)!;
  const finds = plain.map(({ detections }) => detections);
  const chance = {
    method: CHANCE,
    scores: scoreByChance(finds, triples, pool),
    evaluations: mean(plain),
  };
  const others = [...byMethod].map(([method, list]) => ({
    method,
    scores: list.map(({ detections }, index) => scoreTriple(detections, triples[index]!)),
    evaluations: mean(list),
  }));
  return [chance, ...others];
}

function rowsOf(
  methods: readonly MethodScores[],
  triples: readonly ProtocolTriple[],
  accept: (triple: ProtocolTriple) => boolean,
): PlacementTableRow[] {
  return methods.flatMap((each) => {
    const scores = each.scores.filter((_, index) => accept(triples[index]!));
    return scores.length > 0 ? [rowOf({ ...each, scores })] : [];
  });
}

async function writeSheet(
  folder: string,
  method: string,
  triples: readonly ProtocolTriple[],
  records: PlacementRecords,
): Promise<void> {
  const shown = triples.slice(0, SHEET_PICTURES);
  const pictures = await Promise.all(
    shown.map(async ({ id }) => decodeImage(await readFile(picturePath(folder, method, id)))),
  );
  const finds = shown.map(({ id }) => records.get(id, method)!.detections);
  const sheet = await placementSheet(pictures, shown, finds);
  await writeFileAtomic(join(folder, `sheet-${method}.png`), sheet);
}
