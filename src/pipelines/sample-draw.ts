// Draws batches of pictures from a model of pixels, and counts what its networks were asked.

import { Generator } from "../core/generator.js";
import { floats, integers } from "../core/tensor.js";
import type { Denoiser, Latent } from "../diffusion/denoiser.js";
import {
  CompiledPredictor,
  latentNoise,
  LatentSampler,
  semanticPredict,
} from "../distillation/index.js";
import type { SemanticStudent } from "../distillation/index.js";
import type { Runtime, Tensors } from "../engine/runtime/session.js";
import { guided } from "../guidance/cfg.js";
import { pickRows, stackRows } from "../guidance/rows.js";
import { ConstantWeights } from "../nn/constant-weights.js";
import {
  classesInTurn,
  drawPictures,
  noClassOf,
  TeacherDenoiser,
} from "../training/teacher/index.js";
import { guidedByAttention } from "./sample-attention.js";
import type { ToldLatents } from "./sample-like.js";
import type { PixelModel } from "./sample-model.js";
import type { SampleEvaluations } from "./sample-request.js";
import { runOf } from "./sample-settings.js";
import type { SampleSettings } from "./sample-settings.js";

export interface DrawerOptions {
  readonly model: PixelModel;
  readonly settings: SampleSettings;
  /** Pictures at once. */
  readonly batch: number;
  readonly runtime: Runtime;
  /**
   * Latents to tell, [M, D]: picture i gets that of i modulo M, and its class where no class is chosen. Drawn by the
   * latent network when absent.
   */
  readonly told?: ToldLatents | undefined;
}

type Count = { -readonly [K in keyof SampleEvaluations]: number };

/** Evaluations so far. */
class Tally {
  readonly count: Count = { network: 0, predictor: 0, latentNetwork: 0, encoder: 0 };

  /** The denoiser, its rows counted under the names. */
  counted(denoiser: Denoiser, names: readonly (keyof Count)[]): Denoiser {
    return {
      denoise: (x, ...asked) => {
        for (const name of names) this.count[name] += x.shape[0]!;
        return denoiser.denoise(x, ...asked);
      },
    };
  }
}

/** A model, compiled for batches of one size. Release it when done. */
export class Drawer {
  private readonly tally = new Tally();

  private constructor(
    private readonly options: DrawerOptions,
    private readonly network: (latents: Latent | undefined) => Denoiser,
    private readonly latents: LatentSampler | undefined,
    private readonly releaseNetwork: () => Promise<void>,
  ) {}

  /** Throws FollowspotError when a weight is missing or has another shape. */
  static async create(options: DrawerOptions): Promise<Drawer> {
    const { model, settings, batch, runtime, told } = options;
    const { network, semantic, latent } = model;
    const rows = settings.cfg === 1 ? batch : 2 * batch;
    const shape = [rows, ...pictureOf(model)];
    if (!semantic) {
      const { unet, head, weights } = network;
      const { attentionGuidance } = settings;
      const read = attentionGuidance === null ? [] : [attentionGuidance.site];
      const denoiser = await TeacherDenoiser.create({
        ...{ runtime, unet, head, shape, weights: (graph) => new ConstantWeights(graph, weights) },
        read,
      });
      return new Drawer(
        options,
        () => denoiser,
        undefined,
        () => denoiser.release(),
      );
    }
    const joined = await CompiledPredictor.create(runtime, semanticPredict(semantic, rows), shape);
    try {
      const sampler = latent && !told ? { ...latent, batch, runtime } : undefined;
      return new Drawer(
        options,
        (latents) => joinedDenoiser(joined, semantic, latents!),
        sampler && (await LatentSampler.create(sampler)),
        () => joined.release(),
      );
    } catch (error) {
      await joined.release();
      throw error;
    }
  }

  /** Evaluations of rows so far. */
  get evaluations(): SampleEvaluations {
    return { ...this.tally.count };
  }

  /**
   * Pictures [batch, S, S, C] in [-1, 1]: `batch` of them, by their numbers, each the same whatever the others are.
   *
   * @throws the signal's reason when aborted
   */
  async draw(numbers: readonly number[], signal?: AbortSignal): Promise<Latent> {
    const { model, settings } = this.options;
    const { steps, seed } = settings;
    const latents = await this.latentsOf(numbers, signal);
    const names = model.semantic ? (["network", "predictor"] as const) : (["network"] as const);
    const denoiser = guidedBy(this.tally.counted(this.network(latents), names), model, settings);
    return drawPictures({
      ...runOf(model, settings),
      denoiser,
      streams: numbers.map((i) => new Generator(BigInt(seed + i))),
      ...{ picture: pictureOf(model), classes: this.classesOf(numbers), steps, signal },
    });
  }

  async release(): Promise<void> {
    await this.releaseNetwork();
    await this.latents?.release();
  }

  /** The chosen class, that of what is told, or each class in turn; undefined without classes. */
  private classesOf(numbers: readonly number[]): readonly number[] | undefined {
    const { model, settings, told } = this.options;
    const { class: chosen } = settings;
    if (chosen !== null) return numbers.map(() => chosen);
    const its = told?.classes;
    if (its) return numbers.map((i) => its[i % its.length]!);
    return classesInTurn(model.network.unet, numbers);
  }

  /** What the predictor is told of each picture. */
  private async latentsOf(
    numbers: readonly number[],
    signal?: AbortSignal,
  ): Promise<Latent | undefined> {
    const { model, settings, told } = this.options;
    if (told) {
      const count = told.shape[0]!;
      return pickRows(
        told,
        numbers.map((i) => i % count),
      );
    }
    if (!this.latents) return undefined;
    signal?.throwIfAborted();
    const { config, steps } = model.latent!;
    const seeds = numbers.map((i) => settings.seed + i);
    const before = this.latents.evaluations;
    const drawn = await this.latents.draw(latentNoise(seeds, config.latent_dim), steps);
    this.tally.count.latentNetwork += (this.latents.evaluations - before) * numbers.length;
    return drawn;
  }
}

/** Guided by classes inside, by attention outside, as the settings say. */
function guidedBy(denoiser: Denoiser, model: PixelModel, settings: SampleSettings): Denoiser {
  const { cfg, attentionGuidance } = settings;
  const { unet } = model.network;
  const classified = guided(denoiser, floats([1, 1, 1], [noClassOf(unet) ?? 0]), cfg);
  return guidedByAttention(classified, attentionGuidance);
}

function pictureOf({ network: { size, unet } }: PixelModel): number[] {
  return [size, size, unet.in_channels];
}

/** Student and predictor as a denoiser that looks at its condition; the unconditional rows have the same latents. */
function joinedDenoiser(
  joined: CompiledPredictor,
  { student: { unet } }: SemanticStudent,
  latents: Latent,
): Denoiser {
  return {
    denoise(x, level, { embeddings }) {
      const rows = x.shape[0]!;
      const latent = rows === latents.shape[0] ? latents : stackRows([latents, latents]);
      const labels: Tensors =
        unet.num_class_embeds === null
          ? {}
          : { classLabels: integers([rows], Array.from(embeddings.data)) };
      return joined.with({ latent, ...labels }).denoise(x, level);
    },
  };
}
