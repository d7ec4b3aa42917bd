// What a teacher is trained on: pictures, mirrored or not, their classes, and noise; each batch follows from seed and step.

import { floats, integers } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { outputWeight } from "../../diffusion/continuous-loss.js";
import { logSnrSchedule } from "../../diffusion/log-snr.js";
import type { LogSnrLevel, LogSnrSchedule } from "../../diffusion/log-snr.js";
import { PREDICTION_OF_HEAD } from "../../diffusion/parameterisations.js";
import type { Tensors } from "../../engine/runtime/session.js";
import { lookAhead } from "../../io/dataset/index.js";
import type { PictureBatch, PictureDataset } from "../../io/dataset/index.js";
import { toSignedUnit } from "../data/latents.js";
import { ShuffledOrder, streamOf } from "../data/streams.js";
import { sizeOfTeacher } from "./config.js";
import type { TeacherConfig } from "./config.js";
import { maskShapes } from "./loss.js";
import { drawMask } from "./masks.js";

/** What the streams of a step are for. */
const [NOISE, MASKS] = [1, 2];
/** Batches that are decoded while a step runs. */
const AHEAD = 3;

/** Gives the batch of any step. */
export class TeacherBatches {
  private readonly read: (k: number) => Promise<PictureBatch>;
  private readonly schedule: LogSnrSchedule;
  private readonly masks: ReadonlyMap<string, readonly number[]>;

  constructor(
    data: PictureDataset,
    private readonly config: TeacherConfig,
  ) {
    const order = new ShuffledOrder(data.count, config.batch, config.seed);
    this.read = lookAhead(data, (k) => order.at(k), AHEAD);
    this.schedule = logSnrSchedule(config.schedule);
    this.masks = maskShapes(config, { batch: config.batch, size: sizeOfTeacher(config) });
  }

  /** The inputs of step `k`, counted from 1. Steps rise by 1; any may be the first. */
  async at(k: number): Promise<Tensors> {
    const { batch, seed, unet } = this.config;
    const stream = streamOf(seed, NOISE, k);
    const size = sizeOfTeacher(this.config);
    const picture = [batch, size, size, unet.in_channels];
    const levels = this.levels(stream.random());
    const noise = stream.randn(picture);
    const random = (): number => stream.random();
    const { pixels, labels } = await this.read(k);
    return {
      pictures: floats(picture, this.values(pixels, random)),
      noise,
      ...this.levelFeeds(levels),
      ...this.classes(labels, random),
      ...this.maskFeeds(k),
    };
  }

  // One time in each of as many equal ranges as there are pictures: every batch sees all levels.
  private levels(offset: number): LogSnrLevel[] {
    const { batch, times } = this.config;
    return Array.from({ length: batch }, (_, i) => {
      const t = (i + offset) / batch;
      return this.schedule.level(times === null ? t : (Math.floor(t * times) + 1) / times);
    });
  }

  private levelFeeds(levels: readonly LogSnrLevel[]): Tensors {
    const { loss, head } = this.config;
    const each = (of: (level: LogSnrLevel) => number): HostTensor =>
      floats([levels.length], levels.map(of));
    return {
      alpha: each(({ alpha }) => alpha),
      sigma: each(({ sigma }) => sigma),
      timestep: each(({ timestep }) => timestep),
      weight: each((level) => outputWeight(loss, PREDICTION_OF_HEAD[head], level)),
    };
  }

  private values(pixels: Uint8Array, random: () => number): Float32Array {
    const values = new Float32Array(pixels.length);
    toSignedUnit(pixels, values);
    if (!this.config.flip) return values;
    const each = pixels.length / this.config.batch;
    for (let i = 0; i < this.config.batch; i++) {
      if (random() < 0.5) this.mirror(values.subarray(i * each, (i + 1) * each));
    }
    return values;
  }

  /** Mirrors a picture left to right, in place. */
  private mirror(picture: Float32Array): void {
    const channels = this.config.unet.in_channels;
    const width = sizeOfTeacher(this.config) * channels;
    for (let start = 0; start < picture.length; start += width) {
      const row = picture.slice(start, start + width);
      for (let x = 0; x < width; x += channels) {
        picture.set(row.subarray(x, x + channels), start + width - channels - x);
      }
    }
  }

  private classes(labels: Int32Array | undefined, random: () => number): Tensors {
    const rows = this.config.unet.num_class_embeds;
    if (rows === null) return {};
    // `openTeacherData` lets no set without labels pass.
    const drawn = Array.from(labels!, (label) =>
      random() < this.config.class_dropout ? rows - 1 : label,
    );
    return { classLabels: integers([drawn.length], drawn) };
  }

  private maskFeeds(k: number): Tensors {
    const generator = streamOf(this.config.seed, MASKS, k);
    const { dropout } = this.config.unet;
    const drawn = [...this.masks].map(([name, shape]) => {
      return [name, drawMask(generator, shape, dropout)] as const;
    });
    return Object.fromEntries(drawn);
  }
}
