// What `followspot evaluate denoising`, `fitting` and `information` are asked and what they answer.

import type { BiasVariance, CurvePoint, RegionReport } from "../metrics/fitting-error/index.js";
import type { Reporter } from "./draw-request.js";

/** Pictures that errors are measured on, and how. */
export interface HeldOutRequest {
  /** A folder, a zip, an idx or a parquet file of pictures. */
  readonly data: string;
  /** Which part of a folder with several; `test` when absent. */
  readonly split?: "train" | "test";
  /**
   * How pictures of another size than the models' are brought to it. When absent idx files are padded, as for training,
   * and all else is refused.
   */
  readonly fit?: "cover" | "pad";
  /** Of the choice of pictures and of their noise; 0 when absent. */
  readonly seed?: number;
  readonly threads?: number;
  /** Folder that JSON and pictures are written to; nothing is written when absent. */
  readonly output?: string;
}

export interface ErrorsRequest extends HeldOutRequest {
  /** Pictures, at least 2, chosen at random; 256 when absent. */
  readonly count?: number;
  /** Times t = i / times, i from 1; 8 when absent. */
  readonly times?: number;
  /** Pictures at a time; 16 when absent. */
  readonly batch?: number;
}

export interface DenoisingRequest extends ErrorsRequest {
  /** Folders of teachers and students. */
  readonly models: readonly string[];
}

export interface FittingRequest extends ErrorsRequest {
  readonly teacher: string;
  readonly students: readonly string[];
  /** Self-attention site of the teacher that makes the masks; the one that guidance looks at when absent. */
  readonly site?: string;
  /**
   * DDIM steps of the teacher's whole way, to what students were taught; when absent as they were taught: a progressive
   * student's own by its target's substeps, those of a consistency student's grid.
   */
  readonly teacherSteps?: number;
}

export interface InformationRequest extends HeldOutRequest {
  /** Folder of a student with encoder and predictor, or of the run that made it. */
  readonly model: string;
  /** The teacher that it was to follow; the one that its run names when absent. */
  readonly teacher?: string;
  /** 4 when absent. */
  readonly batches?: number;
  /** Pictures of a batch, within which latents are shuffled; 64 when absent. */
  readonly batch?: number;
}

/** The pictures of a measurement. */
export interface HeldOutReport {
  readonly path: string;
  readonly split: "train" | "test";
  /** Pictures taken. */
  readonly count: number;
  /** Pictures that there are. */
  readonly of: number;
  /** SHA-256 in hex of the set. */
  readonly digest: string;
  /** Side in pixels. */
  readonly size: number;
  readonly channels: number;
  readonly resizing: string;
}

export interface MeasuredModel {
  /** As it was named. */
  readonly name: string;
  readonly role: string;
  /** SHA-256 of its weights in hex. */
  readonly digest: string;
  /** Steps that a student was trained for. */
  readonly steps?: number;
  /** Whether encoder and predictor were told each picture itself. */
  readonly told: boolean;
}

interface Measured {
  readonly data: HeldOutReport;
  readonly seed: number;
  readonly seconds: number;
  /** Files that were written. */
  readonly files: readonly string[];
}

/** Mean squared error at a time, in pictures of [-1, 1]. */
export interface TimedError extends CurvePoint {
  /** ln(alpha^2 / sigma^2) at t. */
  readonly logSnr: number;
  /** Whether t is one of the times that the model was trained at. */
  readonly trained: boolean;
}

export interface DenoisingReport extends Measured {
  readonly models: readonly (MeasuredModel & { readonly points: readonly TimedError[] })[];
}

/** An error and where in the picture it lies. */
export interface FittingError {
  readonly error: number;
  readonly standardError: number;
  readonly regions: RegionReport;
}

export type Spread = Pick<BiasVariance, "error" | "bias" | "variance">;

/** What a student is compared with: what it was taught, the teacher's answer to the same question, and the true picture. */
export const FITTING_TARGETS = ["taught", "teacher", "picture"] as const;
export type FittingTarget = (typeof FITTING_TARGETS)[number];

/** Students without which bias and variance are not told. */
export const SPREAD_LEAST = 3;

export interface FittingPoint {
  readonly t: number;
  readonly logSnr: number;
  /** Share of the pixels under the masks, 0 to 1. */
  readonly masked: number;
  /** The teacher's own error, to the pictures. */
  readonly teacher: FittingError;
  /** In the order of the request. */
  readonly students: readonly (Readonly<Record<FittingTarget, FittingError>> & {
    readonly trained: boolean;
  })[];
  /** Over the students, where there are three or more. */
  readonly spread?: Readonly<Record<FittingTarget, Spread>>;
}

export interface FittingReport extends Measured {
  readonly teacher: MeasuredModel;
  readonly students: readonly MeasuredModel[];
  readonly site: string;
  /** Attention above which a key is masked, the mean being 1. */
  readonly threshold: number;
  readonly points: readonly FittingPoint[];
}

/** Errors to the target at one of the student's times. */
export interface InformationPoint {
  readonly t: number;
  /** With a picture's own latent, with another's, with none. */
  readonly own: number;
  readonly shuffled: number;
  readonly zero: number;
  /** What the own latent saves, shuffled - own, over the pictures: mean and its standard error. */
  readonly gain: number;
  readonly standardError: number;
}

export interface InformationReport extends Measured {
  readonly model: MeasuredModel;
  readonly teacher: Pick<MeasuredModel, "name" | "role" | "digest">;
  readonly points: readonly InformationPoint[];
}

export interface ErrorsService {
  /**
   * The error of clean pictures against time, one evaluation a model, the same noise for all.
   *
   * @throws FollowspotError when models, pictures and request do not fit each other, or the system refuses; the
   *   signal's reason when aborted
   */
  evaluateDenoising(
    request: DenoisingRequest,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<DenoisingReport>;
  /** Where students err, beside the teacher's attention. Throws as `evaluateDenoising`. */
  evaluateFitting(
    request: FittingRequest,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<FittingReport>;
  /** Whether a latent tells anything. Throws as `evaluateDenoising`. */
  evaluateInformation(
    request: InformationRequest,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<InformationReport>;
}
