// The one contract between a model and all that uses it: guidance, placement and samplers know nothing else.

import type { HostTensor } from "../core/tensor.js";

/** A batch of latents or pictures on the host: float32, `[N, H, W, C]`. */
export type Latent = HostTensor<"float32">;

/**
 * A noise level: `x = alpha * x0 + sigma * eps`. Finite everywhere, also at zero terminal SNR (`alpha` 0, `sigma` 1).
 */
export interface Level {
  /** Factor of the clean signal, 0 to 1. */
  readonly alpha: number;
  /** Factor of the unit-variance noise, at least 0. */
  readonly sigma: number;
  /** What the network's time embedding is fed: a training timestep, fractional for some samplers. */
  readonly timestep: number;
}

/** What the picture is to show, one row per row of the batch. */
export interface Condition {
  /** Text embeddings, `[N, T, D]`. */
  readonly embeddings: HostTensor<"float32">;
  /** Which rows are conditional; edits never touch the others. Length N. */
  readonly conditional: readonly boolean[];
  /** Guidance scale for networks that were distilled to take it as a number; 1, none, when absent. */
  readonly guidance?: number;
}

/** What to read from attention, what to write into it, and when to give up: values only, no callbacks. */
export interface Request {
  /** Names of the attention sites whose maps are returned. */
  readonly read?: readonly string[];
  /** Values of the graph's edit inputs, by input name. */
  readonly edits?: Readonly<Record<string, HostTensor>>;
  /** Ends the evaluation with its reason, at once where the runtime can abandon a run. */
  readonly signal?: AbortSignal | undefined;
}

/** What a denoiser makes of one noisy batch. */
export interface Prediction {
  /** The expected clean signal, of the shape of `x`; samplers derive the noise from both in double precision. */
  readonly x0: Latent;
  /** The maps that the request asked to read, by site. */
  readonly maps?: Readonly<Record<string, HostTensor<"float32">>>;
}

/** A loss over the sites that a request reads, compiled into the denoiser's gradient graph. */
export interface Objective {
  /** Name of the loss. */
  readonly loss: string;
  /** Values of the loss's own graph inputs, such as target masks. */
  readonly inputs: Readonly<Record<string, HostTensor>>;
  /** What to differentiate by: names of edit inputs, or `x` for the latent. */
  readonly wrt: readonly string[];
}

/** The value of an objective and its gradients, by the names in `wrt`. */
export interface Pullback {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, HostTensor<"float32">>>;
}

/** A model, or a wrapper around one. Holds no mutable state between calls. */
export interface Denoiser {
  /**
   * The clean signal expected behind `x`.
   *
   * @param x - `[N, H, W, C]`, variance preserving: `alpha * x0 + sigma * eps` at `level`.
   */
  denoise(x: Latent, level: Level, condition: Condition, request?: Request): Promise<Prediction>;
  /** The objective at `x` and its gradients; absent when the model is not differentiable. */
  pullback?(
    x: Latent,
    level: Level,
    condition: Condition,
    request: Request,
    objective: Objective,
  ): Promise<Pullback>;
}
