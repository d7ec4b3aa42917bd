// What is asked of training and what comes back: the line between a face and the training of models.
import type { Reporter } from "./draw-request.js";

/** A value of --set, as JSON reads it, or the text itself. */
export type ConfigValue = string | number | boolean | null;

export interface TrainRequest {
  /** A preset's name or a JSON file. */
  readonly config: string;
  /** Values that replace the configuration's, by dotted path: "ema.decay". */
  readonly overrides: Readonly<Record<string, ConfigValue>>;
  /** Folder of the run; a new numbered one under runs/ if absent. */
  readonly folder?: string;
  /** Folder of a run to go on with, or "latest": the newest numbered run of that configuration's name. */
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

export interface TrainService {
  /** The whole configuration as plain JSON. @throws FollowspotError on an unknown key or a wrong value. */
  resolveTraining(request: TrainRequest): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Trains. On abort it writes a checkpoint and resolves, unfinished: an interrupted training is no failure.
   *
   * @throws FollowspotError as resolveTraining; when the run to go on with is missing, damaged, of another
   *   configuration or trained by another process; when a step is not finite, the last good state being saved;
   *   when the last checkpoint cannot be written
   */
  train(request: TrainRequest, reporter: Reporter, signal: AbortSignal): Promise<TrainResult>;
}
