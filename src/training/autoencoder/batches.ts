// What an autoencoder is trained on: squares cut out of pictures, and noise; each batch follows from seed and step.

import { floats } from "../../core/tensor.js";
import type { Tensors } from "../../engine/runtime/session.js";
import { toSignedUnit } from "../data/latents.js";
import { ShuffledOrder, streamOf } from "../data/streams.js";
import type { AutoencoderConfig } from "./config.js";
import { factorOf } from "./folder.js";

/** Gives pictures as RGB bytes by index. */
export interface PictureSource {
  picture(index: number): Promise<Uint8Array>;
}

/** Gives the batch of any step. */
export class AutoencoderBatches {
  private readonly order: ShuffledOrder;

  constructor(
    private readonly pictures: PictureSource,
    private readonly config: AutoencoderConfig,
  ) {
    this.order = new ShuffledOrder(config.scenes.count, config.batch, config.seed);
  }

  /** The inputs of step `k`, counted from 1. */
  async at(k: number): Promise<Tensors> {
    const { batch, crop, seed, autoencoder } = this.config;
    const stream = streamOf(seed, 1, k);
    const side = crop / factorOf(autoencoder);
    const noise = stream.randn([batch, side, side, autoencoder.latent_channels]);
    const corners = Array.from({ length: batch }, () => this.corner(() => stream.random()));
    const whole = await Promise.all(this.order.at(k).map((i) => this.pictures.picture(i)));
    const values = new Float32Array(batch * crop * crop * 3);
    whole.forEach((picture, i) => this.cut(picture, corners[i]!, values, i * crop * crop * 3));
    return { pictures: floats([batch, crop, crop, 3], values), noise };
  }

  private corner(random: () => number): readonly [x: number, y: number] {
    const places = this.config.size - this.config.crop + 1;
    return [Math.floor(random() * places), Math.floor(random() * places)];
  }

  private cut(
    picture: Uint8Array,
    [x, y]: readonly [number, number],
    target: Float32Array,
    offset: number,
  ): void {
    const { size, crop } = this.config;
    for (let row = 0; row < crop; row++) {
      const start = ((y + row) * size + x) * 3;
      toSignedUnit(picture.subarray(start, start + crop * 3), target, offset + row * crop * 3);
    }
  }
}
