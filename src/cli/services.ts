// What the verbs call, each loaded only when its verb runs, so that --help needs no engine.
import type { DrawService, Reporter } from "../pipelines/draw-request.js";

/** One part of a checkpoint: unet, vae, text_encoder and so on. */
export interface PartReport {
  readonly part: string;
  readonly className: string;
  readonly parameters: number;
  readonly bytes: number;
  readonly dtype: string;
}

/** One attention layer and its grid. */
export interface SiteReport {
  readonly name: string;
  readonly columns: number;
  readonly rows: number;
  readonly heads: number;
  /** Keys: 77 for text, columns x rows for self-attention. */
  readonly tokens: number;
}

/** What is in a checkpoint, and what can be done with it. */
export interface ModelReport {
  readonly name: string;
  readonly digest: string;
  readonly folder: string;
  readonly parts: readonly PartReport[];
  readonly sites: readonly SiteReport[];
  /** Single facts such as size, prediction type, sampler and steps. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** Words that the model was trained on, by kind; only where the checkpoint tells. */
  readonly vocabulary?: Readonly<Record<string, readonly string[]>>;
  /** What cannot be done with it, a line each. */
  readonly unsupported: readonly string[];
}

export interface InspectService {
  /** @throws FollowspotError naming the known models if there is none of that name, or if it is damaged. */
  inspectModel(model: string): Promise<ModelReport>;
}

/** A value of --set, as JSON reads it, or the text itself. */
export type ConfigValue = string | number | boolean | null;

export interface TrainRequest {
  /** A preset's name or a JSON file. */
  readonly config: string;
  /** Values that replace the configuration's, by dotted path: "ema.decay". */
  readonly overrides: Readonly<Record<string, ConfigValue>>;
  /** Folder of the run; a new numbered one under runs/ if absent. */
  readonly folder?: string;
  /** Folder of a run to go on with, or "latest". */
  readonly resume?: string;
  /** Stop, with a checkpoint, after so many minutes. */
  readonly minutes?: number;
  readonly threads?: number;
}

export interface TrainResult {
  readonly folder: string;
  readonly steps: number;
  /** True if the run can go on: stopped by time or by a person. */
  readonly unfinished: boolean;
}

export interface TrainService {
  /** The whole configuration as plain JSON. @throws FollowspotError on an unknown key or a wrong value. */
  resolveTraining(request: TrainRequest): Promise<Readonly<Record<string, unknown>>>;
  /** Trains; on abort writes a checkpoint and then rejects with the signal's reason. */
  train(request: TrainRequest, reporter: Reporter, signal: AbortSignal): Promise<TrainResult>;
}

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

export interface Services {
  drawing(): Promise<DrawService>;
  inspection(): Promise<InspectService>;
  training(): Promise<TrainService>;
  evaluation(): Promise<EvaluateService>;
}
