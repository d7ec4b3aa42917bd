// What a text-to-image model is trained on: latents of pictures and their captions, and noise. No box, mask or
// layout is here to be learned from.

import { float16ToFloat32 } from "../../core/float16.js";
import { floats, tensor } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { levelAt } from "../../diffusion/schedule.js";
import type { Schedule } from "../../diffusion/schedule.js";
import type { Encoding, Tokenizer } from "../../models/tokenizer/index.js";
import { ShuffledOrder, streamOf } from "../data/streams.js";
import { timestepFraction } from "./timesteps.js";
import type { TimestepChoice } from "./timesteps.js";

/** Pictures as latents, and what they are called. Nothing else. */
export interface CaptionedLatents {
  /** [count, S, S, C], as float16. */
  readonly latents: HostTensor<"float16">;
  readonly captions: readonly string[];
}

export interface BatchOptions {
  readonly batch: number;
  readonly seed: number;
  /** Factor that gives latents unit variance. */
  readonly scalingFactor: number;
  /** Share of captions that are dropped for classifier-free guidance. */
  readonly captionDropout: number;
  /** Share of captions whose trailing positions (from EOS on) are emptied, so that words must carry meaning. */
  readonly trailingDropout: number;
  /** Share of captions whose words (between BOS and EOS) are emptied, so that the trailing positions must; 0 when absent. */
  readonly wordDropout?: number;
  /** How timesteps are drawn; evenly when absent. */
  readonly timesteps?: TimestepChoice;
}

/** The inputs of a step, by name: what a model is trained on, whole. */
export type TextToImageInputs = Readonly<
  Record<"latents" | "noise" | "alpha" | "sigma" | "timestep" | "ids" | "visible", HostTensor>
>;

/** Gives the batch of any step. */
export class TextToImageBatches {
  private readonly order: ShuffledOrder;
  private readonly encoded: readonly Encoding[];
  private readonly empty: Encoding;

  constructor(
    private readonly data: CaptionedLatents,
    tokenizer: Tokenizer,
    private readonly schedule: Schedule,
    private readonly options: BatchOptions,
  ) {
    this.order = new ShuffledOrder(data.captions.length, options.batch, options.seed);
    this.encoded = data.captions.map((caption) => tokenizer.encode(caption));
    this.empty = tokenizer.encode("");
  }

  /** The inputs of step `k`, counted from 1. */
  at(k: number): TextToImageInputs {
    const { batch, seed } = this.options;
    const entries = this.order.at(k);
    const stream = streamOf(seed, 1, k);
    const picture = [batch, ...this.data.latents.shape.slice(1)];
    const levels = this.levels(stream.random());
    return {
      latents: this.latents(entries, picture),
      noise: stream.randn(picture),
      alpha: floats(
        [batch],
        levels.map(({ alpha }) => alpha),
      ),
      sigma: floats(
        [batch],
        levels.map(({ sigma }) => sigma),
      ),
      timestep: floats(
        [batch],
        levels.map(({ timestep }) => timestep),
      ),
      ...this.texts(entries, () => stream.random()),
    };
  }

  /** The captions of step `k`, none of them dropped. */
  captionsAt(k: number): Encoding[] {
    return this.order.at(k).map((entry) => this.encoded[entry]!);
  }

  // One timestep in each of as many equally likely ranges as there are pictures: every batch sees all levels.
  private levels(offset: number) {
    const { batch, timesteps = { power: 1 } } = this.options;
    const { trainTimesteps } = this.schedule;
    return Array.from({ length: batch }, (_, i) => {
      const t = Math.floor(timestepFraction((i + offset) / batch, timesteps) * trainTimesteps);
      return levelAt(this.schedule, Math.min(t, trainTimesteps - 1));
    });
  }

  private latents(entries: readonly number[], shape: readonly number[]): HostTensor {
    const size = shape.slice(1).reduce((a, b) => a * b, 1);
    const values = new Float32Array(entries.length * size);
    entries.forEach((entry, i) => {
      const halves = this.data.latents.data.subarray(entry * size, (entry + 1) * size);
      values.set(float16ToFloat32(halves), i * size);
    });
    for (let i = 0; i < values.length; i++) values[i]! *= this.options.scalingFactor;
    return floats(shape, values);
  }

  private texts(
    entries: readonly number[],
    random: () => number,
  ): Pick<TextToImageInputs, "ids" | "visible"> {
    const { captionDropout, trailingDropout, wordDropout = 0 } = this.options;
    const texts = entries.map((entry) =>
      random() < captionDropout ? this.empty : this.encoded[entry]!,
    );
    const tokens = this.empty.ids.length;
    const ids = BigInt64Array.from(texts.flatMap(({ ids }) => ids.map(BigInt)));
    const visible = texts.flatMap(({ length }) => {
      const drawn = random();
      const end = drawn < trailingDropout ? length - 1 : tokens;
      const start = drawn >= 1 - wordDropout ? length - 1 : 1;
      // BOS is kept: it says nothing, and is where attention goes that has nowhere to go.
      return Array.from({ length: tokens }, (_, i) => Number(i < 1 || (i >= start && i < end)));
    });
    const shape = [entries.length, tokens];
    return { ids: tensor("int64", shape, ids), visible: floats(shape, visible) };
  }
}
