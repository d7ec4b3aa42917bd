// What `followspot evaluate` is asked and what it answers.

import type { Reporter } from "./draw-request.js";
import type { MethodName } from "./recipe-methods.js";

/** Settings that are lists: every combination of their values is a row for each method that directs. */
export const LISTED_SETTINGS = [
  "strength",
  "until",
  "trailing",
  "gain",
  "lift",
  "outside",
] as const;
export type ListedSetting = (typeof LISTED_SETTINGS)[number];

/** Settings that are tried on the `tune` list; what is absent is the model's or the method's own. */
export interface PlacementSettings extends Readonly<
  Partial<Record<ListedSetting, readonly number[]>>
> {
  readonly steps?: number;
  readonly cfg?: number;
}

export interface EvaluateRequest {
  readonly model: string;
  /** Triples of prompt, box and seed; all of the split if absent. */
  readonly count?: number;
  readonly split: "test" | "tune";
  /** All if absent; plain sampling is always one of them. */
  readonly methods?: readonly MethodName[];
  /** Refused on the `test` list, where nothing is chosen; but for the steps of a student. */
  readonly settings?: PlacementSettings;
  /** Folder for the table, the page and the sheets; the run's own if absent. */
  readonly output?: string;
  /** Folder under which records and pictures are kept; "runs/placement" if absent. */
  readonly runs?: string;
  /** Processor threads of each picture that is being drawn. */
  readonly threads?: number;
  /** Pictures drawn at the same time; 1 if absent. */
  readonly jobs?: number;
}

/** One row of the placement table; shares 0..1, null where a column does not apply. */
export interface PlacementRow {
  readonly method: string;
  readonly found: number;
  readonly colourRight: number | null;
  readonly centreInBox: number;
  readonly meanIou: number;
  readonly bothInBox: number | null;
  readonly relationKept: number | null;
  /** Network evaluations for each picture. */
  readonly evaluations: number;
}

export interface PlacementTable {
  readonly model: string;
  readonly digest: string;
  readonly split: string;
  readonly count: number;
  readonly rows: readonly PlacementRow[];
  /** Whatever else the JSON should hold: intervals, unseen combinations. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface EvaluateService {
  evaluatePlacement(
    request: EvaluateRequest,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<PlacementTable>;
}
