// Stage C: diffusion over the latents of pictures, so that sampling needs no picture (PDAE, Zhang et al. 2022).

import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import {
  clipped,
  levelAt,
  makeSchedule,
  sampleToEnd,
  schedulerConfig,
} from "../diffusion/index.js";
import { toX0 } from "../diffusion/index.js";
import type { Denoiser, Latent, Level, Schedule } from "../diffusion/index.js";
import { CLEAN, clipping } from "../diffusion/continuous.js";
import { ddim } from "../diffusion/samplers/ddim.js";
import type { PlannedStep, Sampler } from "../diffusion/samplers/sampler.js";
import { abs, add, mean, mul, reshape, sub } from "../engine/functions.js";
import { Graph } from "../engine/graph.js";
import type { Value } from "../engine/graph.js";
import type { Runtime, Session } from "../engine/runtime/session.js";
import { stackRows } from "../guidance/rows.js";
import { latentMlp } from "../models/latent-mlp/index.js";
import type { LatentMlpConfig } from "../models/latent-mlp/index.js";
import { ConstantWeights } from "../nn/constant-weights.js";
import type { RandomSource } from "../nn/init.js";
import { streamOf } from "../training/data/streams.js";
import type { LossBuilder } from "../training/step.js";

const BETA = 0.008;
export const LATENT_TIMESTEPS = 1000;

/** 1000 steps of the same beta. What is clipped is the denoiser's to say. */
export function latentSchedule(): Schedule {
  return makeSchedule(
    schedulerConfig({
      num_train_timesteps: LATENT_TIMESTEPS,
      trained_betas: new Array<number>(LATENT_TIMESTEPS).fill(BETA),
      prediction_type: "epsilon",
      clip_sample: false,
      set_alpha_to_one: true,
    }),
  );
}

/** DDIM at even timesteps, each step landing where the next begins, whatever their number. */
const latentDdim: Sampler = {
  ...ddim,
  plan: (schedule, steps) => {
    const levels = Array.from({ length: steps }, (_, i) =>
      levelAt(schedule, Math.round(((steps - i) / steps) * LATENT_TIMESTEPS) - 1),
    );
    const step = (level: Level, i: number): PlannedStep => ({
      level,
      next: levels[i + 1] ?? CLEAN,
    });
    return { initialScale: 1, steps: levels.map(step) };
  },
};

/** The mean magnitude of the error in the noise. Inputs: `latents`, `noise` [N, D], `alpha`, `sigma`, `timestep` [N]. */
export function latentLoss(config: LatentMlpConfig, batch: number): LossBuilder {
  return (weights, graph) => {
    const vectors = (name: string): Value =>
      graph.input(name, "float32", [batch, config.latent_dim]);
    const rows = (name: string): Value => graph.input(name, "float32", [batch]);
    const per = (name: string): Value => reshape(rows(name), [batch, 1]);
    const noise = vectors("noise");
    const noisy = add(mul(vectors("latents"), per("alpha")), mul(noise, per("sigma")));
    const predicted = latentMlp(weights, config, { latent: noisy, timestep: rows("timestep") });
    return { loss: mean(abs(sub(predicted, noise))) };
  };
}

/** Latents of a data set, brought to mean 0 and deviation 1 in each place. */
export interface LatentStatistics {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

const LEAST_DEVIATION = 1e-6;

/** Means and deviations of latents [N, D] by place. A place that is the same in all has deviation 1. */
export function latentStatistics({ shape, data }: HostTensor<"float32">): LatentStatistics {
  const [count, width] = shape as [number, number];
  const mean = new Float64Array(width);
  data.forEach((value, i) => (mean[i % width]! += value / count));
  const variance = new Float64Array(width);
  data.forEach((value, i) => (variance[i % width]! += (value - mean[i % width]!) ** 2 / count));
  const deviation = Float32Array.from(variance, (value) => {
    const root = Math.sqrt(value);
    return root < LEAST_DEVIATION ? 1 : root;
  });
  return { mean: Float32Array.from(mean), deviation };
}

/** (z - mean) / deviation. */
export function normalised({ shape, data }: Latent, of: LatentStatistics): Latent {
  const width = shape[1]!;
  const { mean, deviation } = of;
  return floats(
    shape,
    data.map((value, i) => (value - mean[i % width]!) / deviation[i % width]!),
  );
}

/** mean + deviation z. */
export function denormalised({ shape, data }: Latent, of: LatentStatistics): Latent {
  const width = shape[1]!;
  const { mean, deviation } = of;
  return floats(
    shape,
    data.map((value, i) => mean[i % width]! + deviation[i % width]! * value),
  );
}

/** The feeds of `latentLoss` for normalised latents [N, D]. */
export function latentFeeds(
  latents: Latent,
  schedule: Schedule,
  random: RandomSource,
): Record<string, HostTensor> {
  const rows = latents.shape[0]!;
  const levels = Array.from({ length: rows }, () =>
    levelAt(schedule, Math.floor(random.random() * schedule.trainTimesteps)),
  );
  const each = (of: (level: (typeof levels)[number]) => number): HostTensor =>
    floats([rows], levels.map(of));
  return {
    latents,
    noise: random.randn(latents.shape),
    alpha: each(({ alpha }) => alpha),
    sigma: each(({ sigma }) => sigma),
    timestep: each(({ timestep }) => timestep),
  };
}

/** The stream of a latent, apart from that of its picture's noise: a student draws from the same noise with and without. */
const LATENTS = 1;

/** What latents are drawn from, [seeds, D]: one for each seed of a picture. */
export function latentNoise(seeds: readonly number[], width: number): Latent {
  return stackRows(seeds.map((seed) => streamOf(seed, LATENTS).randn([1, width])));
}

export interface LatentSamplerOptions {
  readonly config: LatentMlpConfig;
  readonly weights: ReadonlyMap<string, HostTensor>;
  readonly statistics: LatentStatistics;
  /** Latents at once. */
  readonly batch: number;
  readonly runtime: Runtime;
  /** Cuts the first noise and every prediction to [-1, 1], as the reference does; false when absent. */
  readonly clip?: boolean | undefined;
}

/** Draws latents by DDIM. Release it when done. */
export class LatentSampler {
  /** Evaluations of the network so far, each of a whole batch. */
  evaluations = 0;

  private constructor(
    private readonly session: Session,
    private readonly options: LatentSamplerOptions,
  ) {}

  /** Throws FollowspotError when a weight is missing or has another shape. */
  static async create(options: LatentSamplerOptions): Promise<LatentSampler> {
    const { config, weights, batch, runtime } = options;
    const graph = new Graph();
    const latent = graph.input("latent", "float32", [batch, config.latent_dim]);
    const timestep = graph.input("timestep", "float32", [batch]);
    const known = new ConstantWeights(graph, weights);
    graph.output("noise", latentMlp(known, config, { latent, timestep }));
    return new LatentSampler(await runtime.compile(graph), options);
  }

  /** Latents [batch, D] from unit noise of that shape, in so many steps, 1 to 1000. */
  async draw(noise: Latent, steps: number): Promise<Latent> {
    const { clip = false, statistics } = this.options;
    const denoiser = this.denoiser();
    const drawn = await sampleToEnd({
      // The reference takes a step's noise anew from what it cut; a sampler that cuts keeps the noise from before.
      denoiser: clip ? clipping(denoiser) : denoiser,
      ...{ schedule: latentSchedule(), sampler: latentDdim, steps },
      condition: { embeddings: floats([noise.shape[0]!, 0, 0], []), conditional: [] },
      noise: clipped(noise, clip ? 1 : undefined),
    });
    return denormalised(drawn, statistics);
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private denoiser(): Denoiser {
    return {
      denoise: async (x, level) => {
        this.evaluations++;
        const rows = x.shape[0]!;
        const timestep = floats([rows], new Float32Array(rows).fill(level.timestep));
        const { noise } = await this.session.run({ latent: x, timestep });
        return { x0: toX0("epsilon", noise as Latent, x, level) };
      },
    };
  }
}
