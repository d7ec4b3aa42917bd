// The placement table: rows of methods with intervals, the chance row, and their text as Markdown.

import type { ProtocolTriple } from "../training/scenes/index.js";
import type { Detection } from "./detector/decode.js";
import { markdownTable } from "./markdown.js";
import { scorePicture } from "./placement.js";
import type { PictureScore } from "./placement.js";
import { differences, intervals, summarise } from "./placement-summary.js";
import type { Difference, Interval, PlacementMetric } from "./placement-summary.js";

/** The row of pictures that no method has touched, and the one that all others are compared with. */
export const PLAIN = "none";
export const CHANCE = "chance";
export const CEILING = "ceiling";

/** One row; shares 0..1, null where no picture has what a column measures. */
export interface PlacementTableRow {
  readonly method: string;
  /** Of the things asked for. */
  readonly found: number;
  /** Of the solids found. */
  readonly colourRight: number | null;
  /** Of the pictures with one box. */
  readonly centreInBox: number;
  /** Over the things asked for; not found counts 0. */
  readonly meanIou: number;
  /** Of the pictures with two boxes. */
  readonly bothInBox: number | null;
  /** Of the pictures with two boxes; not found counts as not kept. */
  readonly relationKept: number | null;
  /** Network evaluations for each picture, on average. */
  readonly evaluations: number;
}

export interface RowDetails {
  readonly row: PlacementTableRow;
  /** 95 % bootstrap intervals of the row. */
  readonly intervals: Readonly<Record<PlacementMetric, Interval | null>>;
  /** Paired differences to plain sampling (of plain sampling: to chance). */
  readonly against: { readonly method: string } & Readonly<
    Record<PlacementMetric, Difference | null>
  >;
}

/** Pictures of one method: scores in the triples' order, and what they cost on average. */
export interface MethodScores {
  readonly method: string;
  readonly scores: readonly PictureScore[];
  readonly evaluations: number;
}

/** A picture's finds against its own triple. */
export function scoreTriple(
  detections: readonly Detection[],
  triple: ProtocolTriple,
): PictureScore {
  return scorePicture(detections, triple.boxes, triple.relation);
}

/**
 * Pictures against the boxes and relation of another triple with as many boxes: the next one in
 * `pool`, the whole list. What remains is what chance alone places well.
 *
 * Throws when the pool holds no other such triple.
 */
export function scoreByChance(
  detections: readonly (readonly Detection[])[],
  triples: readonly ProtocolTriple[],
  pool: readonly ProtocolTriple[],
): PictureScore[] {
  return triples.map((triple, index) => {
    const other = nextAlike(pool, triple);
    const targets = triple.boxes.map((box, k) => ({ ...box, box: other.boxes[k]!.box }));
    return scorePicture(detections[index]!, targets, other.relation);
  });
}

function nextAlike(pool: readonly ProtocolTriple[], triple: ProtocolTriple): ProtocolTriple {
  const alike = pool.filter(({ boxes }) => boxes.length === triple.boxes.length);
  const at = alike.findIndex(({ id }) => id === triple.id);
  const other = alike[(at + 1) % alike.length];
  if (other && other.id !== triple.id) return other;
  throw new Error(`chance: expected another triple with ${triple.boxes.length} boxes, got none`);
}

/** A row of the table. Throws when there are no scores. */
export function rowOf({ method, scores, evaluations }: MethodScores): PlacementTableRow {
  if (scores.length === 0)
    throw new Error(`placement table: expected scores of ${method}, got none`);
  const { found, centreInBox, meanIou, ...rest } = summarise(scores);
  return {
    method,
    ...rest,
    found: found ?? 0,
    centreInBox: centreInBox ?? 0,
    meanIou: meanIou ?? 0,
    evaluations,
  };
}

/** All rows with intervals and paired differences, in the order given. */
export function detailsOf(methods: readonly MethodScores[]): RowDetails[] {
  const scoresOf = (name: string) => methods.find(({ method }) => method === name)?.scores;
  return methods.map((each) => {
    const reference = each.method === PLAIN ? CHANCE : PLAIN;
    const base = scoresOf(reference) ?? each.scores;
    return {
      row: rowOf(each),
      intervals: intervals(each.scores),
      against: { method: reference, ...differences(each.scores, base) },
    };
  });
}

const COLUMNS: readonly (readonly [title: string, metric: PlacementMetric])[] = [
  ["found", "found"],
  ["colour right", "colourRight"],
  ["centre in box (one)", "centreInBox"],
  ["mean IoU", "meanIou"],
  ["both in boxes (two)", "bothInBox"],
  ["relation kept (two)", "relationKept"],
];

function cellOf(metric: PlacementMetric, value: number | null, interval: Interval | null): string {
  if (value === null) return "-";
  const text = (each: number): string =>
    metric === "meanIou" ? each.toFixed(3) : (each * 100).toFixed(1);
  return interval ? `${text(value)} (${text(interval[0])} to ${text(interval[1])})` : text(value);
}

/** The rows as a Markdown table: shares in percent with their 95 % intervals. */
export function tableMarkdown(details: readonly RowDetails[]): string {
  const titles = ["method", ...COLUMNS.map(([title]) => title), "evaluations"];
  const lines = details.map(({ row, intervals: spans }) => {
    const cells = COLUMNS.map(([, metric]) => cellOf(metric, row[metric], spans[metric]));
    return [row.method, ...cells, String(Math.round(row.evaluations * 10) / 10)];
  });
  return markdownTable(titles, lines);
}

/** The paired differences as a Markdown table: percentage points; `*` where the interval leaves out 0. */
export function differencesMarkdown(details: readonly RowDetails[]): string {
  const titles = ["method", "less", ...COLUMNS.map(([title]) => title)];
  const lines = details.map(({ row, against }) => {
    const cells = COLUMNS.map(([, metric]) => {
      const each = against[metric];
      if (!each) return "-";
      const mark = each.significant ? " *" : "";
      return `${cellOf(metric, each.difference, each.interval)}${mark}`;
    });
    return [row.method, against.method, ...cells];
  });
  return markdownTable(titles, lines);
}
