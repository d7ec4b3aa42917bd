// How pictures are drawn from networks of pixels: noise of their own, classes in turn, a run to its end.

import type { Generator } from "../../core/generator.js";
import { clipping } from "../../diffusion/continuous.js";
import type { Denoiser, Latent } from "../../diffusion/denoiser.js";
import { sampleToEnd } from "../../diffusion/samplers/sample.js";
import type { SampleOptions } from "../../diffusion/samplers/sample.js";
import { stackRows } from "../../guidance/rows.js";
import type { Picture } from "../../io/image.js";
import type { UNet2DConfig } from "../../models/unet2d/index.js";
import { toByte } from "../data/latents.js";
import { classCondition } from "./denoiser.js";

export interface PictureRun extends Pick<
  SampleOptions,
  "schedule" | "sampler" | "steps" | "signal"
> {
  /** Its pictures are cut to [-1, 1] at every step. */
  readonly denoiser: Denoiser;
  /** Random numbers of each picture, for its first noise and for that of its steps. */
  readonly streams: readonly Generator[];
  /** Shape of one picture, [H, W, C]. */
  readonly picture: readonly number[];
  /** Class of each picture, where the denoiser looks at its condition. */
  readonly classes?: readonly number[] | undefined;
}

/** Pictures [N, H, W, C] in [-1, 1], one for each stream, whatever the others are. Throws what `sample` throws. */
export function drawPictures(run: PictureRun): Promise<Latent> {
  const { denoiser, streams, picture, classes, ...rest } = run;
  const noise = (): Latent => stackRows(streams.map((stream) => stream.randn([1, ...picture])));
  const condition = classCondition(streams.length, classes);
  const noises = { noise: noise(), stepNoise: noise };
  return sampleToEnd({ ...rest, denoiser: clipping(denoiser), condition, ...noises });
}

/** The class that means none: the last row of a network with classes; undefined without. */
export function noClassOf({ num_class_embeds: rows }: UNet2DConfig): number | undefined {
  return rows === null ? undefined : rows - 1;
}

/** For each of the picture numbers the class whose turn it is; undefined without classes. */
export function classesInTurn(
  unet: UNet2DConfig,
  numbers: readonly number[],
): number[] | undefined {
  const classes = noClassOf(unet);
  return classes === undefined ? undefined : numbers.map((i) => i % classes);
}

/** Pictures [N, S, S, C] in [-1, 1] as bytes of red, green and blue. */
export function toPictures({ shape, data }: Latent): Picture[] {
  const [count, height, width, channels] = shape as [number, number, number, number];
  const cells = height * width;
  const coloured = channels === 3;
  return Array.from({ length: count }, (_, i) => {
    const bytes = new Uint8Array(cells * 3);
    for (let cell = 0; cell < cells; cell++) {
      const from = (i * cells + cell) * channels;
      const first = toByte(data[from]!);
      bytes[3 * cell] = first;
      bytes[3 * cell + 1] = coloured ? toByte(data[from + 1]!) : first;
      bytes[3 * cell + 2] = coloured ? toByte(data[from + 2]!) : first;
    }
    return { width, height, data: bytes };
  });
}
