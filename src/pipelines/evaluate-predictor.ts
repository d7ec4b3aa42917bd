// A pixel model's clean pictures from noisy ones in one evaluation, with the mask of its attention where that is asked for.

import { FollowspotError } from "../core/errors.js";
import { integers } from "../core/tensor.js";
import type { Latent, Level } from "../diffusion/denoiser.js";
import { clipped } from "../diffusion/index.js";
import {
  classLabelsOf,
  declareLevel,
  encodePictures,
  frozenWeights,
  levelFeeds,
  pictureNetwork,
  semanticPredict,
} from "../distillation/index.js";
import { Graph } from "../engine/graph.js";
import type { Value } from "../engine/graph.js";
import type { Runtime, Session, Tensors } from "../engine/runtime/session.js";
import { pickRows } from "../guidance/rows.js";
import { attentionMask, siteNamed } from "../guidance/self-attention/index.js";
import type { LevelValues } from "../guidance/self-attention/index.js";
import { sitesOf2D } from "../models/unet2d/index.js";
import { noClassOf } from "../training/teacher/index.js";
import type { HeldOut } from "./evaluate-pictures.js";
import type { PixelModel } from "./sample-model.js";

/** Attention above which a key is masked, the mean being 1. */
export const MASK_THRESHOLD = 1;
/** Pictures lie in [-1, 1]; samplers cut predictions to that at every step. */
const RANGE = 1;

export interface PredictorSetting {
  readonly runtime: Runtime;
  /** Pictures at a time. */
  readonly batch: number;
  /** Self-attention site whose mask is made; none when absent. */
  readonly site?: string | undefined;
}

/** Predictions of all held-out pictures at one time. */
export interface Predicted {
  /** [count, S, S, C], cut to [-1, 1]. */
  readonly x0: Float32Array;
  /** [count, S, S] of 0 and 1; empty without a site. */
  readonly mask: Float32Array;
}

/**
 * The site that masks are made of: the one that is named, or the one that guidance looks at.
 *
 * @throws FollowspotError when the network has no such site, or is no network alone
 */
export function maskSite({ name, network, semantic }: PixelModel, wanted?: string): string {
  if (semantic) {
    throw new FollowspotError(
      `evaluate: ${name}: expected a network alone for a teacher, got one with encoder and predictor.`,
      { remedy: "Measure it among the students." },
    );
  }
  const sites = sitesOf2D(network.unet, network.size, network.size);
  if (sites.length === 0) {
    throw new FollowspotError(
      `evaluate: ${name}: expected a teacher with self-attention, got one without.`,
      { remedy: "Masks are made of its attention; measure it with evaluate denoising." },
    );
  }
  return siteNamed("--site", sites, wanted);
}

/**
 * A model compiled for batches. One with encoder and predictor is told the held-out pictures themselves. Release it
 * when done.
 */
export class MeasuredPredictor {
  private constructor(
    private readonly model: PixelModel,
    private readonly setting: PredictorSetting,
    private readonly session: Session,
    /** What the encoder makes of the pictures, [count, D]. */
    private readonly latents: Latent | undefined,
  ) {}

  /** Throws FollowspotError when a weight is missing or has another shape; the signal's reason when aborted. */
  static async create(
    model: PixelModel,
    { set }: Pick<HeldOut, "set">,
    setting: PredictorSetting,
    signal: AbortSignal,
  ): Promise<MeasuredPredictor> {
    const { runtime } = setting;
    const latents =
      model.semantic && (await encodePictures(model.semantic, set, runtime, { signal }));
    const graph = new Graph();
    const { size, unet } = model.network;
    const x = graph.input("x", "float32", [setting.batch, size, size, unet.in_channels]);
    const level = declareLevel(graph, "level", setting.batch);
    if (setting.site === undefined)
      graph.output("x0", predictionOf(model, setting.batch, x, level));
    else attend(model, setting.site, x, level);
    return new MeasuredPredictor(model, setting, await runtime.compile(graph), latents);
  }

  /** Predicts all pictures at a level. Throws the signal's reason when aborted. */
  async predict(
    noisy: Latent,
    { labels }: Pick<HeldOut, "labels">,
    level: Level,
    { signal, onBatch }: { readonly signal: AbortSignal; readonly onBatch: () => void },
  ): Promise<Predicted> {
    const [count] = noisy.shape as [number];
    const { batch, site } = this.setting;
    const x0 = new Float32Array(noisy.data.length);
    const mask = new Float32Array(site === undefined ? 0 : count * this.model.network.size ** 2);
    for (let start = 0; start < count; start += batch) {
      signal.throwIfAborted();
      // The last batch is filled with its last picture: a graph has batches of one size.
      const rows = Array.from({ length: batch }, (_, i) => Math.min(start + i, count - 1));
      const feeds = {
        x: pickRows(noisy, rows),
        ...levelFeeds("level", new Array<Level>(batch).fill(level)),
        ...this.classes(rows, labels),
        ...(this.latents ? { latent: pickRows(this.latents, rows) } : {}),
      };
      const made = await this.session.run(feeds, undefined, signal);
      const kept = Math.min(batch, count - start);
      copyRows(clipped(made["x0"] as Latent, RANGE), kept, x0, start);
      if (made["mask"]) copyRows(made["mask"] as Latent, kept, mask, start);
      onBatch();
    }
    return { x0, mask };
  }

  release(): Promise<void> {
    return this.session.release();
  }

  /** The pictures' classes, or none of them where the set has none. */
  private classes(rows: readonly number[], labels: Int32Array | undefined): Tensors {
    const none = noClassOf(this.model.network.unet);
    if (none === undefined) return {};
    const each = rows.map((row) => labels?.[row] ?? none);
    return { classLabels: integers([rows.length], each) };
  }
}

function predictionOf(model: PixelModel, rows: number, x: Value, level: LevelValues): Value {
  const { semantic } = model;
  if (semantic) return semanticPredict(semantic, rows)(x.graph)(x, level);
  return networkOf(model, x.graph, rows).predict(x, level);
}

function attend(model: PixelModel, site: string, x: Value, level: LevelValues): void {
  const [rows, height, width] = x.shape as [number, number, number, number];
  const { x0, maps } = networkOf(model, x.graph, rows, site).attend(x, level);
  x.graph.output("x0", x0);
  x.graph.output("mask", attentionMask(maps, MASK_THRESHOLD, { height, width }));
}

function networkOf({ network }: PixelModel, graph: Graph, rows: number, site?: string) {
  const { unet, head, weights } = network;
  const classLabels = classLabelsOf(graph, unet, rows);
  return pictureNetwork(frozenWeights(graph, "network", weights), unet, {
    head,
    site,
    classLabels,
  });
}

/** The first `rows` rows of a batch, put behind `start` others. */
function copyRows({ shape, data }: Latent, rows: number, into: Float32Array, start: number): void {
  const width = data.length / shape[0]!;
  into.set(data.subarray(0, rows * width), start * width);
}
