// What `followspot evaluate distribution` is asked and what it answers.

import type { ResizeFilter } from "../io/dataset/index.js";
import type { Reporter } from "./draw-request.js";

export interface DistributionRequest {
  /** The pictures to judge: a folder, a zip, an idx or a parquet file. */
  readonly pictures: string;
  /** What they are compared with, in any of these forms. */
  readonly reference: string;
  /** Safetensors file of Inception-v3. */
  readonly weights?: string;
  /** Numbers of a picture's features; 2048 when absent and the weights suffice, else 768. */
  readonly features?: 768 | 2048;
  /** Pictures of each set, chosen at random; all when absent. */
  readonly count?: number;
  /** Side that all pictures are brought to; their own when absent. */
  readonly size?: number;
  readonly filter?: ResizeFilter;
  /** Which part of a folder with several is the reference. */
  readonly split?: "train" | "test";
  /** Of all random choices; 0 when absent. */
  readonly seed?: number;
  /** Whether fewer pictures than features are taken, which biases the distance upwards. */
  readonly few?: boolean;
  /** Folder of the reference's features; `runs/features` when absent. */
  readonly cache?: string;
  /** Pictures at a time; 8 when absent. */
  readonly batch?: number;
  readonly threads?: number;
}

/** One of the two sets. */
export interface DistributionSet {
  readonly path: string;
  /** Pictures taken. */
  readonly count: number;
  /** Pictures that there are. */
  readonly of: number;
  readonly digest: string;
  readonly size: number;
  /** How pictures were brought to size. */
  readonly resizing: string;
  /** Whether features came from a file of an earlier call. */
  readonly cached: boolean;
}

export interface DistributionReport {
  /** Name of the distance: `FD-768`, or `FD-2048` (the FID of the papers, where counts agree). */
  readonly distance: string;
  readonly frechet: number;
  readonly kernel: {
    readonly mean: number;
    readonly deviation: number;
    readonly subsets: number;
    readonly subsetSize: number;
  };
  readonly precision: number;
  readonly recall: number;
  readonly neighbours: number;
  /** Of the judged pictures; with the full weights only. */
  readonly inceptionScore?: {
    readonly mean: number;
    readonly deviation: number;
    readonly parts: number;
  };
  readonly pictures: DistributionSet;
  readonly reference: DistributionSet;
  readonly weights: { readonly path: string; readonly digest: string };
  /** How pictures are brought before the network. */
  readonly input: string;
  readonly seed: number;
  readonly seconds: number;
}

export interface DistributionService {
  evaluateDistribution(
    request: DistributionRequest,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<DistributionReport>;
}
