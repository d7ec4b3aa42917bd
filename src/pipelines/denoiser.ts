// The denoiser of a U-Net: graphs compiled on demand, edits kept off the unconditional rows.

import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import { toX0 } from "../diffusion/index.js";
import type {
  Condition,
  Denoiser,
  Latent,
  Level,
  Objective,
  Prediction,
  PredictionType,
  Pullback,
  Request,
} from "../diffusion/index.js";
import { Graph } from "../engine/graph.js";
import type { Runtime, Session, Tensors } from "../engine/runtime/session.js";
import { mapsOf } from "../guidance/maps.js";
import { indicesOf } from "../guidance/rows.js";
import { neutralValue } from "../guidance/placement/edit.js";
import { sitesOf } from "../models/unet/index.js";
import type { UNetConfig } from "../models/unet/index.js";
import type { AttentionSite } from "../nn/attention.js";
import type { Weights } from "../nn/weights.js";
import { denoiserGraph, GUIDANCE, gradientName } from "./denoiser-graph.js";
import type { GraphRequest } from "./denoiser-graph.js";
import { SessionCache } from "./denoiser-sessions.js";

export interface UNetDenoiserOptions {
  readonly config: UNetConfig;
  /** What the network was trained to predict. */
  readonly prediction: PredictionType;
  /** The network's weights in a graph. */
  readonly weights: (graph: Graph) => Weights;
  readonly runtime: Runtime;
  readonly threads?: number | undefined;
  /**
   * Compiled graphs held at once. With one, those that a search asks are held beside it, of maps without edits and of
   * an objective: they share weights that nobody packed, and a search takes turns without compiling anything again.
   */
  readonly sessions: number;
}

/** A U-Net as a denoiser. What it holds between calls are compiled graphs, which change no result. */
export class UNetDenoiser implements Denoiser {
  private readonly cache: SessionCache;
  /** Graphs that a search asks between the steps. */
  private readonly searching: SessionCache;

  constructor(private readonly options: UNetDenoiserOptions) {
    this.cache = new SessionCache(options.sessions);
    this.searching = options.sessions === 1 ? new SessionCache(2) : this.cache;
  }

  /** The attention sites for latents of height x width cells and `tokens` positions. */
  sites(height: number, width: number, tokens: number): AttentionSite[] {
    return sitesOf(this.options.config, height, width, tokens);
  }

  /**
   * The expected clean latents. Edits have a row for each conditional row of the batch, and so have the
   * maps that come back: the mean over heads, before any edit, [conditional rows, cells, positions].
   *
   * @throws FollowspotError when a site to read does not exist; the signal's reason
   */
  async denoise(
    x: Latent,
    level: Level,
    condition: Condition,
    { read = [], edits = {}, signal }: Request = {},
  ): Promise<Prediction> {
    const asked = { ...this.shapes(x, condition), read, edits: Object.keys(edits) };
    const feeds = { ...this.feeds(x, level, condition), ...spreadEdits(edits, condition) };
    const outputs = await this.run(asked, feeds, signal);
    const x0 = toX0(this.options.prediction, outputs["output"] as Latent, x, level);
    if (read.length === 0) return { x0 };
    return { x0, maps: mapsOf(outputs, read, condition.conditional) };
  }

  /**
   * The objective over the maps of the sites in `request.read`, and its gradients. All rows of the batch
   * are conditional.
   *
   * @throws FollowspotError when the loss, a site or an input to differentiate by does not exist; the
   *   signal's reason
   */
  async pullback(
    x: Latent,
    level: Level,
    condition: Condition,
    { read = [], edits = {}, signal }: Request,
    objective: Objective,
  ): Promise<Pullback> {
    const { loss: name, inputs, wrt } = objective;
    const shapes = this.shapes(x, condition);
    const asked = { ...shapes, read, edits: Object.keys(edits), objective: { loss: name, wrt } };
    const feeds = { ...this.feeds(x, level, condition), ...edits, ...inputs };
    const outputs = await this.run(asked, feeds, signal);
    const gradients = wrt.map((input) => [input, outputs[gradientName(input)]]);
    return {
      loss: Number(outputs["loss"]!.data[0]),
      gradients: Object.fromEntries(gradients) as Pullback["gradients"],
    };
  }

  /** Frees the compiled graphs. */
  async release(): Promise<void> {
    await this.cache.release();
    if (this.searching !== this.cache) await this.searching.release();
  }

  private shapes(x: Latent, { embeddings }: Condition): Pick<GraphRequest, "sample" | "context"> {
    return { sample: x.shape, context: embeddings.shape };
  }

  private feeds(x: Latent, { timestep }: Level, { embeddings, guidance = 1 }: Condition): Tensors {
    const rows = x.shape[0]!;
    const each = (value: number) => floats([rows], new Float32Array(rows).fill(value));
    const feeds = { sample: x, timestep: each(timestep), context: embeddings };
    if (this.options.config.time_cond_proj_dim === null) return feeds;
    return { ...feeds, [GUIDANCE]: each(1000 * (guidance - 1)) };
  }

  private run(
    asked: GraphRequest,
    feeds: Tensors,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, HostTensor>> {
    const request = { ...asked, read: [...asked.read].sort(), edits: [...asked.edits].sort() };
    const { config, weights, runtime, threads } = this.options;
    const isSearch = request.objective || (request.read.length > 0 && request.edits.length === 0);
    const cache = isSearch ? this.searching : this.cache;
    const options = {
      weights: cache === this.cache ? "packed" : "shared",
      ...(threads === undefined ? {} : { threads }),
    } as const;
    const compile = () =>
      runtime.compile(denoiserGraph(weights(new Graph()), config, request), options);
    const use = (session: Session) => session.run(feeds, {}, signal);
    return cache.run(JSON.stringify(request), compile, use, signal);
  }
}

/** Edits of the conditional rows as edits of all rows, the others neutral. */
function spreadEdits(edits: Tensors, { conditional }: Condition): Tensors {
  if (conditional.every(Boolean)) return edits;
  const rows = indicesOf(conditional);
  return Object.fromEntries(
    Object.entries(edits).map(([name, { shape, data }]) => {
      const width = data.length / rows.length;
      const all = new Float32Array(conditional.length * width).fill(neutralValue(name));
      rows.forEach((row, i) => {
        all.set((data as Float32Array).subarray(i * width, (i + 1) * width), row * width);
      });
      return [name, floats([conditional.length, ...shape.slice(1)], all)];
    }),
  );
}
