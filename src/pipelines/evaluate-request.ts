// What `followspot evaluate` is asked and what it answers.

import type { Reporter } from "./draw-request.js";

export interface EvaluateRequest {
  readonly model: string;
  /** Triples of prompt, box and seed; all of the split if absent. */
  readonly count?: number;
  readonly split: "test" | "tune";
  readonly threads?: number;
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
