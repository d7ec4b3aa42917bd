// From a prompt and boxes to pictures, with a Stable-Diffusion-family model and nothing else.

import { NoiseSource, noiseLevel, sample } from "../diffusion/index.js";
import type { Runtime } from "../engine/runtime/session.js";
import type { Picture } from "../io/image.js";
import type { AttentionSite } from "../nn/attention.js";
import type { Size } from "./box.js";
import { UNetDenoiser } from "./denoiser.js";
import type { BoxReport, BoxTokens } from "./draw-request.js";
import { PictureDecoder, PromptEncoder } from "./text-to-image-ends.js";
import { PARTS } from "./text-to-image-model.js";
import type { PipelineModel } from "./text-to-image-model.js";
import { Observations } from "./text-to-image-observations.js";
import { Networks } from "./text-to-image-networks.js";
import { pause, Stopwatch } from "./text-to-image-turn.js";
import { makeOrder } from "./text-to-image-order.js";
import type { DrawOptions, Order } from "./text-to-image-order.js";
import { coarseSites, denoiserOf, rangeWarnings } from "./text-to-image-run.js";
import type { EditedSites } from "./text-to-image-run.js";
import { seedWarnings } from "./text-to-image-seeds.js";
import { openPart } from "./text-to-image-weights.js";
import type { PartWeights } from "./text-to-image-weights.js";
import { cutWarning, promptWarnings } from "./text-to-image-words.js";

/** How a model is opened. */
export interface OpenOptions {
  /** Where graphs run. */
  readonly runtime: Runtime;
  /** Threads of one operator; the machine's cores when absent. Pictures are the same bytes at one count. */
  readonly threads?: number | undefined;
  /** Which resolutions' cross-attention placement edits; "all" when absent. */
  readonly edited?: EditedSites;
  /**
   * Hold one compiled graph of the network at a time: half the memory, but steps outside the boxes' range then
   * cost what directed ones cost. By the size of the weights when absent.
   */
  readonly isLean?: boolean;
  readonly signal?: AbortSignal;
}

/** One finished picture. */
export interface DrawnPicture {
  readonly seed: bigint;
  readonly picture: Picture;
  /** For each box, its words' tokens and the share of their attention that lay in it. */
  readonly boxes: readonly BoxReport[];
  readonly heatmaps: readonly Heatmap[];
}

/** Where a word's attention went, over the picture. */
export interface Heatmap extends Pick<BoxTokens, "tokens"> {
  readonly word: string;
  readonly picture: Picture;
}

/** One finished step of a run. */
export interface DrawStep {
  /** How many steps are done, 1 to `steps`. */
  readonly step: number;
  readonly steps: number;
  /** What the first picture of the batch is expected to become; the picture itself at the last step. */
  readonly preview?: Picture;
  /** At the last step: all pictures, in the order of the seeds. */
  readonly pictures?: readonly DrawnPicture[];
  /** At the last step: milliseconds of encoding, sampling and decoding. */
  readonly milliseconds?: Readonly<Record<string, number>>;
}

/** What a model is drawn with. */
export interface PipelineParts {
  readonly networks: Networks;
  readonly encoder: PromptEncoder;
  readonly decoder: PictureDecoder;
  readonly edited: EditedSites;
  readonly isLean: boolean;
}

/** Networks with more bytes of float32 weights are held in one compiled graph at a time. */
const LEAN_BYTES = 2 ** 29;

/** A loaded model that draws. */
export class TextToImagePipeline {
  /** @param model - what its files say */
  constructor(
    readonly model: PipelineModel,
    private readonly parts: PipelineParts,
  ) {}

  /**
   * Draws step by step: `for await (const { preview } of pipe.draw({ prompt, boxes })) show(preview)`.
   * The last step bears the pictures. Pictures of one call share all but their seed; each is the same as
   * if it were drawn alone, within rounding.
   *
   * @throws FollowspotError naming the option at fault, or the words that the prompt lacks; the signal's
   *   reason within a step of its abort
   */
  async *draw(options: DrawOptions): AsyncGenerator<DrawStep, void, void> {
    const order = makeOrder(this.model, options);
    const { signal } = order;
    signal?.throwIfAborted();
    const { decoder } = this.parts;
    const watch = new Stopwatch();
    const { run, seen } = await this.begin(order, watch);
    for await (const { step, steps, level, x, x0, maps } of run) {
      if (maps) seen.add(noiseLevel(level, this.model.schedule.trainTimesteps), maps);
      watch.lap("sample");
      if (step === steps) {
        const pictures = await decoder.decode(x, undefined, signal);
        watch.lap("decode");
        const { milliseconds } = watch;
        yield { step, steps, preview: pictures[0]!, pictures: seen.of(pictures), milliseconds };
        return;
      }
      const [preview] = order.previews ? await decoder.decode(x0, 1, signal) : [];
      yield { step, steps, ...(preview && { preview }) };
      watch.lap("other");
      await pause();
    }
  }

  /** Draws to the end. Options and errors as `draw`. */
  async pictures(options: DrawOptions): Promise<readonly DrawnPicture[]> {
    for await (const { pictures } of this.draw({ ...options, previews: false })) {
      if (pictures) return pictures;
    }
    throw new Error("draw: expected pictures at the last step, got none");
  }

  /**
   * What can be said of a call before drawing: the tokens of each box's words, and warnings, a line each.
   *
   * @throws FollowspotError as `draw`
   */
  plan(options: DrawOptions): { boxes: readonly BoxTokens[]; warnings: readonly string[] } {
    return planOf(this.model, options);
  }

  /** The attention layers at a picture size; at the trained one when absent. */
  sites(size: Size = this.model.size): AttentionSite[] {
    return this.parts.networks.main.sites(...this.latentSize(size), this.model.tokenizer.maxLength);
  }

  /** Frees all that was compiled. */
  async close(): Promise<void> {
    const { networks, encoder, decoder } = this.parts;
    await Promise.all([networks.release(), encoder.release(), decoder.release()]);
  }

  /** Encodes the prompts and sets out from noise; nothing of the run is computed before it is walked. */
  private async begin(
    order: Order,
    watch: Stopwatch,
  ): Promise<{ run: ReturnType<typeof sample>; seen: Observations }> {
    const { networks, encoder, edited, isLean } = this.parts;
    const { signal } = order;
    const { schedule, unet } = this.model;
    const embeddings = await encoder.encode(order.prompt, order.seeds.length, signal);
    const negative = await encoder.encode(order.negative, 1, signal);
    watch.lap("encode");
    const sites = this.sites(order.size);
    const [height, width] = this.latentSize(order.size);
    const cells = height * width;
    const seen = new Observations(order, coarseSites(sites, cells));
    const noise = new NoiseSource(order.seeds, [height, width, unet.in_channels]);
    const network = await networks.of(order, schedule);
    const run = sample({
      denoiser: denoiserOf(order, { network, schedule, sites, cells, edited, negative, isLean }),
      condition: { embeddings, conditional: order.seeds.map(() => true) },
      schedule,
      sampler: order.sampler,
      steps: order.steps,
      noise: noise.next(),
      stepNoise: () => noise.next(),
      signal,
    });
    return { run, seen };
  }

  private latentSize([width, height]: Size): [height: number, width: number] {
    return [height / this.model.factor, width / this.model.factor];
  }
}

/** As TextToImagePipeline.plan, from the model's small files alone. */
export function planOf(
  model: PipelineModel,
  options: DrawOptions,
): { boxes: readonly BoxTokens[]; warnings: readonly string[]; order: Order } {
  const order = makeOrder(model, options);
  const phrases = [...order.boxes, ...order.heatmaps].map(({ words }) => words);
  const warnings = [
    ...promptWarnings(order.prompt, phrases, model.words),
    ...cutWarning(order.negative, " of the negative prompt"),
    ...rangeWarnings(order, model.schedule),
    ...seedWarnings(order.seeds),
  ];
  const boxes = order.boxes.map(({ words, tokens }) => ({ words, tokens }));
  return { boxes, warnings, order };
}

/**
 * Opens a model's weights; nothing is compiled before the first drawing.
 *
 * @throws FollowspotError naming the weight file that is missing or damaged; the signal's reason
 */
export async function openParts(
  model: PipelineModel,
  options: OpenOptions,
): Promise<PipelineParts> {
  const { runtime, threads, edited = "all", signal } = options;
  const [unet, vae, text] = await Promise.all(
    [PARTS.unet, PARTS.vae, PARTS.textEncoder].map((part) => openPart(model.source, part)),
  );
  signal?.throwIfAborted();
  const { isLean = unet!.bytes > LEAN_BYTES } = options;
  const network = (weights: PartWeights): UNetDenoiser =>
    new UNetDenoiser({
      ...{ config: model.unet, prediction: model.schedule.config.prediction },
      ...{ weights: weights.in, runtime, threads, sessions: isLean ? 1 : 4 },
    });
  const networks = new Networks(model.unets, network(unet!), async (part) =>
    network(await openPart(model.source, part)),
  );
  const encoder = new PromptEncoder(model.textEncoder, text!, { runtime, threads });
  const decoder = new PictureDecoder(model.decoder, vae!, { runtime, threads });
  return { networks, encoder, decoder, edited, isLean };
}
