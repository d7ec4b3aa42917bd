// The evaluation: every method draws the protocol's pictures, both judges look, and the table is made.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../io/atomic.js";
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
import { KEPT_PICTURES, picturePath, savePicture, writeSheet } from "./evaluation-pictures.js";
import { evaluationMarkdown } from "./evaluation-report.js";
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
  /** A row's name; `none` draws plainly and has boxes all the same, to be left aside. */
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
  /** Draws a picture; `job` is below `jobs`, and no two calls of one job overlap. */
  readonly draw: (request: PlacementDraw, job: number) => Promise<DrawnForPlacement>;
  /** Pictures drawn at the same time; 1 when absent. */
  readonly jobs?: number;
  /** The best that the model's autoencoder lets through: a triple's rendered scene after the round trip. */
  readonly ceiling?: (triple: ProtocolTriple) => Promise<Picture>;
  readonly detector: Detector;
  /** What the judge is called, and the command that makes the table: for the record. */
  readonly judge: string;
  readonly command: string;
  /** Folder of the run: records and pictures. */
  readonly folder: string;
  /** Folder of the table, the page and the sheets, made if need be; the run's own when absent. */
  readonly results?: string;
  readonly signal?: AbortSignal;
  /** Told at the start and after each picture how many are drawn of those that were not yet on record. */
  readonly onProgress?: (done: number, missing: number) => void;
}

/** What an evaluation finds; placement.json holds the same. */
export interface PlacementResult {
  readonly command: string;
  readonly judge: string;
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

/**
 * Draws what the folder's records still lack, then writes placement.json, README.md and a sheet
 * for each method. Goes on when it was cut short.
 *
 * Throws FollowspotError when the folder belongs to another evaluation; on abort the signal's reason.
 */
export async function evaluatePlacement(evaluation: PlacementEvaluation): Promise<PlacementResult> {
  const { protocol, split, methods, folder } = evaluation;
  if (!methods.includes(PLAIN)) {
    throw new Error(`evaluate: expected ${PLAIN} among the methods, got ${methods.join(", ")}`);
  }
  const triples = triplesOf(protocol, split, evaluation.count);
  const records = await PlacementRecords.open(folder, headerOf(evaluation));
  const drawn = evaluation.ceiling ? [...methods, CEILING] : [...methods];
  await drawMissing(evaluation, triples, drawn, records);
  const byMethod = new Map(
    drawn.map((method) => [method, triples.map(({ id }) => records.get(id, method)!)]),
  );
  const result = resultOf(evaluation, triples, byMethod);
  const { results = folder } = evaluation;
  await mkdir(results, { recursive: true });
  await writeJson(join(results, "placement.json"), result);
  await writeFileAtomic(join(results, "README.md"), evaluationMarkdown(result));
  for (const [method, list] of byMethod) {
    const finds = list.map(({ detections }) => detections);
    await writeSheet(results, folder, method, triples, finds);
  }
  return result;
}

/** What the records belong to. */
function headerOf(evaluation: PlacementEvaluation): RecordsHeader {
  const { protocol, split, model, digest, detector, settings = {} } = evaluation;
  const { threshold } = detector;
  return { protocol: protocol.version, split, model, digest, threshold, ...settings };
}

type ByMethod = ReadonlyMap<string, readonly PlacementRecord[]>;

function resultOf(
  { model, digest, split, judge, command, protocol, settings = {} }: PlacementEvaluation,
  triples: readonly ProtocolTriple[],
  byMethod: ByMethod,
): PlacementResult {
  const scores = scoresOf(byMethod, triples, protocol[split]);
  const pick = (unseen: boolean) => rowsOf(scores, triples, (triple) => triple.unseen === unseen);
  const agreement = Object.fromEntries(
    [...byMethod].map(([method, list]) => [method, agreementOf(list, triples)]),
  );
  return {
    ...{ command, judge, model, digest, split, count: triples.length, settings },
    rows: scores.map(rowOf),
    details: { all: detailsOf(scores), seen: pick(false), unseen: pick(true), agreement },
  };
}

/** Triple by triple, so that an evaluation that is cut short has the same pictures of every method. */
async function drawMissing(
  evaluation: PlacementEvaluation,
  triples: readonly ProtocolTriple[],
  methods: readonly string[],
  records: PlacementRecords,
): Promise<void> {
  const { signal, onProgress, jobs = 1 } = evaluation;
  const missing = triples.flatMap((triple, index) =>
    methods
      .filter((method) => !records.get(triple.id, method))
      .map((method) => ({ triple, method, keep: index < KEPT_PICTURES })),
  );
  const queue = missing.values();
  let [done, failed] = [0, false];
  onProgress?.(done, missing.length);
  const work = async (job: number): Promise<void> => {
    for (const { triple, method, keep } of queue) {
      if (failed) return;
      signal?.throwIfAborted();
      await records.add(await drawOne(evaluation, triple, method, keep, job));
      onProgress?.(++done, missing.length);
    }
  };
  const workers = Array.from({ length: jobs }, (_, job) =>
    work(job).catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  // All have stopped before the first fault is told: what they use may then be freed.
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

async function drawOne(
  evaluation: PlacementEvaluation,
  triple: ProtocolTriple,
  method: string,
  keep: boolean,
  job: number,
): Promise<PlacementRecord> {
  const { id, prompt, seed } = triple;
  const boxes = triple.boxes.map(({ words, box }) => ({ words, box }));
  const { picture, evaluations } =
    method === CEILING
      ? { picture: await evaluation.ceiling!(triple), evaluations: 0 }
      : await evaluation.draw({ prompt, boxes, seed: BigInt(seed), method }, job);
  // Before the record, so that a picture on record is on disk.
  if (keep) await savePicture(picturePath(evaluation.folder, method, id), picture);
  const detections = await evaluation.detector.detect(picture);
  const secondJudge = judgeSolids(picture);
  return { id, method, evaluations, detections, secondJudge };
}

function scoresOf(
  byMethod: ByMethod,
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
