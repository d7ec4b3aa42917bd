// Pictures in 1, 2 or 4 steps from a student, its evaluations counted.

import { CLEAN, continuously } from "../diffusion/continuous.js";
import { addNoise } from "../diffusion/index.js";
import type { Denoiser, Latent, Level, LogSnrSchedule, Prediction } from "../diffusion/index.js";
import type { SampleOptions } from "../diffusion/samplers/sample.js";
import type { Sampler } from "../diffusion/samplers/sampler.js";
import { Graph } from "../engine/graph.js";
import type { Runtime, Session, Tensors } from "../engine/runtime/session.js";
import type { Predict } from "../guidance/self-attention/index.js";
import { declareLevel, levelFeeds } from "./path.js";

/** How a run goes on after a prediction: with the noise that it has, as progressive students learn it, or with fresh noise. */
export const CONTINUATIONS = ["ddim", "renoise"] as const;
export type Continuation = (typeof CONTINUATIONS)[number];

/**
 * What `sample` needs for a student's run at t = 1, 1 - 1/steps, ..., 1/steps, whose last prediction is the picture:
 * `sample({ ...fewSteps(schedule, "ddim"), denoiser, steps: 4, ... })`. Fresh noise is the caller's step noise.
 */
export function fewSteps(
  schedule: LogSnrSchedule,
  continuation: Continuation,
): Pick<SampleOptions, "schedule" | "sampler"> {
  const even = continuously({ schedule, sampler: "ddim" });
  if (continuation === "ddim") return even;
  const ddim = even.sampler as Sampler;
  const renoise: Sampler = {
    ...ddim,
    label: "Renoise",
    diffusersClass: "LCMScheduler",
    // A single step draws nothing; whoever samples in more must give noise.
    stochastic: () => true,
    step: ({ here, next, noise }) =>
      next.sigma === CLEAN.sigma ? here.x0 : addNoise(here.x0, noise(), next),
  };
  return { ...even, sampler: renoise };
}

/** Network evaluations and the rows that they had. */
export interface Evaluations {
  calls: number;
  rows: number;
}

export interface PredictorOptions {
  /** Values of the further inputs that the predictor declares, such as `latent`. */
  readonly extra?: Tensors;
  /** Network evaluations of one prediction: 2 under guidance; 1 when absent. */
  readonly evaluations?: number;
}

/** A predictor in a graph as a denoiser of batches of one shape. Release it when done. */
export class CompiledPredictor implements Denoiser {
  /** What it has been asked so far. */
  readonly spent: Evaluations = { calls: 0, rows: 0 };

  private constructor(
    private readonly session: Session,
    private readonly options: PredictorOptions,
  ) {}

  /**
   * @param build - the predictor in a graph, with the inputs that it declares besides
   * @param shape - of the batches, [N, H, W, C]
   */
  static async create(
    runtime: Runtime,
    build: (graph: Graph) => Predict,
    shape: readonly number[],
    options: PredictorOptions = {},
  ): Promise<CompiledPredictor> {
    const graph = new Graph();
    const x = graph.input("x", "float32", shape);
    const level = declareLevel(graph, "level", shape[0]!);
    graph.output("x0", build(graph)(x, level));
    return new CompiledPredictor(await runtime.compile(graph), options);
  }

  async denoise(x: Latent, level: Level): Promise<Prediction> {
    const { extra = {}, evaluations = 1 } = this.options;
    const rows = x.shape[0]!;
    const levels = levelFeeds("level", new Array<Level>(rows).fill(level));
    const made = await this.session.run({ x, ...levels, ...extra });
    this.spent.calls += evaluations;
    this.spent.rows += evaluations * rows;
    return { x0: made["x0"] as Latent };
  }

  /** The same predictor with other values of its further inputs; its evaluations are counted apart. */
  with(extra: Tensors): CompiledPredictor {
    const options = { ...this.options, extra: { ...this.options.extra, ...extra } };
    return new CompiledPredictor(this.session, options);
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
