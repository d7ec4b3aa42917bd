// What a student of distributions is trained on: noise, levels and classes, and no pictures.

import { floats, integers } from "../../core/tensor.js";
import { signalWeight } from "../../diffusion/index.js";
import type { Tensors } from "../../engine/runtime/session.js";
import { streamOf } from "../../training/data/streams.js";
import type { Teacher } from "../../training/teacher/index.js";
import { levelFeeds } from "../path.js";
import type { DistributionConfig } from "./config.js";

/** The inputs of step `k`, counted from 1: they follow from the seed and the step. */
export function distributionBatch(
  { batch, seed, compare }: DistributionConfig,
  { size, unet, schedule }: Teacher,
  k: number,
): Tensors {
  const stream = streamOf(seed, k);
  const picture = [batch, size, size, unet.in_channels];
  const offset = stream.random();
  // One time in each of as many equal ranges as there are pictures: every batch sees all levels.
  const levels = Array.from({ length: batch }, (_, i) =>
    schedule.level(compare.from + ((compare.to - compare.from) * (i + offset)) / batch),
  );
  const { num_class_embeds: rows } = unet;
  // The last row is no class.
  const drawn = rows === null ? [] : levels.map(() => Math.floor(stream.random() * (rows - 1)));
  return {
    noise: stream.randn(picture),
    renoise: stream.randn(picture),
    weight: floats(
      [batch],
      levels.map((level) => signalWeight(compare.loss, level)),
    ),
    ...levelFeeds("start", new Array(batch).fill(schedule.level(1))),
    ...levelFeeds("level", levels),
    ...(rows === null ? {} : { classLabels: integers([batch], drawn) }),
  };
}
