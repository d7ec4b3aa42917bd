// What makes a teacher's training run, a diffusion model of pixels: one JSON document.

import { z } from "zod";
import { LIMITS } from "../../core/limits.js";
import { LOSS_WEIGHTINGS } from "../../diffusion/continuous-loss.js";
import { CONTINUOUS_SAMPLERS, VARIANCES } from "../../diffusion/continuous.js";
import { LOG_SNR_KINDS } from "../../diffusion/log-snr.js";
import { HEADS } from "../../diffusion/parameterisations.js";
import type { Head } from "../../diffusion/parameterisations.js";
import { RESIZE_FILTERS } from "../../io/dataset/index.js";
import { wholeWithin, within } from "../../io/within.js";
import { parseNewUNet2DConfig, strideOf } from "../../models/unet2d/index.js";
import type { UNet2DConfig } from "../../models/unet2d/index.js";
import { batchSize } from "../batch-size.js";
import { documentDigest } from "../digest.js";

const share = z.number().min(0).max(1);
const whole = z.int().positive();

const data = z.strictObject({
  /** A folder or a zip of pictures, by class or not; an idx or a parquet file, or a folder of such. */
  path: z.string().min(1),
  split: z.enum(["train", "test"]).default("train"),
  /** How pictures of another size are brought to that of the network; the data set's own way when absent. */
  fit: z.enum(["cover", "pad"]).optional(),
  filter: z.enum(RESIZE_FILTERS).optional(),
});

const schedule = z.strictObject({
  kind: z.enum(LOG_SNR_KINDS),
  /** Log-SNR at t = 1 and t = 0. */
  min: z.number().default(-20),
  max: z.number().default(20),
});

/** How sample sheets are drawn, and the trained model if nothing else is said. */
const draw = z.strictObject({
  count: whole.max(400),
  sampler: z.enum(CONTINUOUS_SAMPLERS),
  steps: wholeWithin(LIMITS.steps),
  variance: z.enum(VARIANCES).default("fixed_small"),
  /** Share of the large variance in the medium one. */
  share: share.default(0.3),
  /** Scale of classifier-free guidance, 1 for none. */
  cfg: within(LIMITS.cfg).default(1),
  /** Of the first picture; each has its own. */
  seed: z.int().nonnegative(),
});

export const teacherSchema = z
  .strictObject({
    kind: z.literal("teacher"),
    data,
    /** The contents of the network's config.json; with classes it has one row more, for no class. */
    unet: z.unknown().transform(parseNewUNet2DConfig),
    head: z.enum(HEADS),
    schedule,
    loss: z.enum(LOSS_WEIGHTINGS),
    /** Levels are those of so many even times; of all between t = 0 and t = 1 when null. */
    times: whole.nullable().default(null),
    /** Share of pictures whose class is dropped, for classifier-free guidance. */
    class_dropout: share.default(0),
    /** Whether half of the pictures are mirrored. */
    flip: z.boolean(),
    seed: z.int().nonnegative(),
    batch: batchSize,
    steps: whole,
    learning_rate: z.strictObject({
      peak: z.number().positive(),
      floor: z.number().nonnegative(),
      warmup: z.int().nonnegative(),
      /** Last steps over which the rate falls; all after the warm-up when absent. */
      decay: whole.optional(),
    }),
    weight_decay: z.number().nonnegative(),
    /** Largest global norm of the gradient. */
    clip_norm: z.number().positive().default(1),
    ema: z.strictObject({ decay: share }),
    /** Steps between sample sheets. */
    sample_every: whole,
    draw,
  })
  .superRefine((config, context) => {
    const fault = faultOf(config);
    if (fault) context.addIssue({ code: "custom", ...fault });
  })
  .readonly();

export type TeacherConfig = z.infer<typeof teacherSchema>;

interface Fault {
  readonly path: string[];
  readonly message: string;
}

/** The first option that does not fit the others. */
function faultOf(config: {
  readonly unet: UNet2DConfig;
  readonly head: Head;
  readonly class_dropout: number;
  readonly schedule: { readonly min: number; readonly max: number };
  readonly draw: { readonly cfg: number };
}): Fault | undefined {
  const { unet, head, class_dropout: dropout } = config;
  const { sample_size: size, in_channels: channels, out_channels: out } = unet;
  const expected = (path: string, what: string, got: unknown): Fault => ({
    path: path.split("."),
    message: `expected ${what}, got ${JSON.stringify(got)}`,
  });
  if (typeof size !== "number" || size % strideOf(unet) !== 0) {
    return expected("unet.sample_size", `a multiple of ${strideOf(unet)}`, size);
  }
  if (channels !== 1 && channels !== 3) return expected("unet.in_channels", "1 or 3", channels);
  const outputs = outputChannels(head, channels);
  if (out !== outputs) return expected("unet.out_channels", `${outputs} for head ${head}`, out);
  if (dropout > 0 && unet.num_class_embeds === null) {
    return expected("class_dropout", "0 without unet.num_class_embeds", dropout);
  }
  if (config.draw.cfg !== 1 && dropout === 0) {
    return expected("draw.cfg", "1 without class_dropout", config.draw.cfg);
  }
  const { min, max } = config.schedule;
  return min < max ? undefined : expected("schedule.min", `less than max, ${max}`, min);
}

/** Channels that a head needs for pictures of so many. */
export function outputChannels(head: Head, channels: number): number {
  return head === "both" ? 2 * channels : channels;
}

/** Side of the pictures in pixels. */
export function sizeOfTeacher({ unet }: Pick<TeacherConfig, "unet">): number {
  // The schema takes no other.
  return unet.sample_size as number;
}

/** Identifies what a checkpoint depends on: everything but how long, how often to look, and how to draw. */
export function teacherDigest(config: TeacherConfig): string {
  const { steps: _steps, sample_every: _every, draw: _draw, ...rest } = config;
  return documentDigest(rest);
}
