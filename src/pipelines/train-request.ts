// What is asked of training and what comes back: the line between a face and the training of models.
import type { Reporter } from "./draw-request.js";

/** A value of --set, as JSON reads it, or the text itself. */
export type ConfigValue = string | number | boolean | null;

export interface TrainRequest {
  /** A preset's name or a JSON file; that of the shipped model if absent, or that of the run to go on with. */
  readonly config?: string;
  /** Values that replace the configuration's, by dotted path: "ema.decay". */
  readonly overrides: Readonly<Record<string, ConfigValue>>;
  /** Folder of the run; a new numbered one under runs/ if absent. */
  readonly folder?: string;
  /** Folder of a run to go on with, or "latest": the newest numbered run, of the configuration's name where one is named. */
  readonly resume?: string;
  /** Stop, with a checkpoint, after so many minutes. */
  readonly minutes?: number;
  readonly threads?: number;
}

export interface TrainResult {
  readonly folder: string;
  /** Steps that the run has done in all. */
  readonly steps: number;
  /** True if the run can go on: stopped by time or by a person. */
  readonly unfinished: boolean;
  /** Folder of the trained model; only when the run is finished. */
  readonly model?: string;
}

export interface ResolvedTraining {
  /** The whole configuration as plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What a person should know of it, a line each; that its pictures are not there, for one. */
  readonly remarks: readonly string[];
}

export interface TrainService {
  /**
   * What an order means; nothing is trained or written.
   *
   * @throws FollowspotError on an unknown key or a wrong value, and when a model that it names is not there
   */
  resolveTraining(request: TrainRequest): Promise<ResolvedTraining>;
  /**
   * Trains. On abort it writes a checkpoint and resolves, unfinished: an interrupted training is no failure.
   *
   * @throws FollowspotError as resolveTraining; when the run to go on with is missing, damaged, of another
   *   configuration or trained by another process; when a step is not finite, the last good state being saved;
   *   when the last checkpoint cannot be written
   */
  train(request: TrainRequest, reporter: Reporter, signal: AbortSignal): Promise<TrainResult>;
}
