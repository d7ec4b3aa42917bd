// What `followspot sample` is asked and what it answers.

import type { Blur } from "../guidance/self-attention/index.js";
import type { Reporter } from "./draw-request.js";

/** Pictures of one call, at most. */
export const MAX_SAMPLES = 1_000_000;

/** In the place of pictures to tell: the predictor gets a latent of zeros. */
export const NOTHING_TOLD = "none";

/** How a network is guided by its own attention. */
export interface SampleAttentionGuidance {
  /** 1 + w, from 1, which is no guidance, to 50. */
  readonly scale: number;
  /** Attention above which a place is blurred, the mean being 1; 1 when absent. */
  readonly threshold?: number;
  /** What follows the pictures' size when absent; the published code has a kernel of 15 and a sigma of 3. */
  readonly blur?: Blur;
  /** Self-attention site of the network; the decoder's last when absent. */
  readonly site?: string;
}

export interface SampleRequest {
  /** Folder of a teacher, a student, or a student with predictor and latent network. */
  readonly model: string;
  /** Folder that the pictures go into; one that was begun with the same settings is completed. */
  readonly folder: string;
  /** How a teacher is drawn: ddim, ancestral or dpm++2m; that of the model's folder when absent. */
  readonly sampler?: string;
  /** Pictures that the folder is to hold, 1 to MAX_SAMPLES. */
  readonly count: number;
  /** Steps of a picture; those of the model's folder when absent. */
  readonly steps?: number;
  /** Of the first picture, 0 to 2^31: picture i has seed + i. 0 when absent. */
  readonly seed?: number;
  /** Pictures at a time, 1 to 1024; 16 when absent. */
  readonly batch?: number;
  readonly threads?: number;
  /** Name or number of the class of all pictures; each class in turn when absent. */
  readonly className?: string;
  /** Scale of classifier-free guidance, 0 to 50; that of the model's folder when absent. */
  readonly cfg?: number;
  /** Of a network without predictor; no guidance when absent. */
  readonly attentionGuidance?: SampleAttentionGuidance;
  /** Pictures whose content a predictor is told, one after another, or NOTHING_TOLD; the latent network's drawings when absent. */
  readonly like?: string;
}

/** Evaluations by network. What a model does not have is 0. */
export interface SampleEvaluations {
  readonly network: number;
  readonly predictor: number;
  readonly latentNetwork: number;
  readonly encoder: number;
}

export interface SampleReport {
  readonly folder: string;
  readonly model: string;
  readonly role: string;
  /** SHA-256 of the model's weights in hex. */
  readonly digest: string;
  readonly sampler: string;
  readonly steps: number;
  readonly cfg: number;
  /** With nothing left open; null where there is no guidance. */
  readonly attentionGuidance: Required<SampleAttentionGuidance> | null;
  readonly seed: number;
  /** The class of all pictures; null when they have none or each in turn. */
  readonly class: string | null;
  /** Pictures in the folder that were asked for. */
  readonly count: number;
  /** Those of them that this call made. */
  readonly made: number;
  readonly evaluations: {
    /** Of one picture. */
    readonly picture: SampleEvaluations;
    /** Of this call, those that fill a batch included. */
    readonly total: SampleEvaluations;
  };
  readonly seconds: {
    /** Reading and compiling the networks. */
    readonly preparing: number;
    /** Evaluations of all networks and the steps between them. */
    readonly drawing: number;
    /** All, files included. */
    readonly total: number;
  };
}

export interface SampleService {
  /**
   * Makes the pictures that the folder lacks.
   *
   * @throws FollowspotError when the model is none of pixels or does not take the settings, when the folder holds
   *   pictures of others, or when the system refuses; the signal's reason when aborted, whole files being kept
   */
  samplePictures(
    request: SampleRequest,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<SampleReport>;
}
