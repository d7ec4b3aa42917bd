// What makes a run of distribution matching: a student of one step to begin with, and the teacher whose pictures it is to draw.

import { z } from "zod";
import { guidanceEvaluations } from "../../guidance/self-attention/index.js";
import { documentDigest } from "../../training/digest.js";
import { addBudgetIssue, distillationSchema } from "../run/config.js";
import { guidanceSchema } from "../run/guidance.js";

const {
  budget,
  clamp,
  draw,
  sample_every,
  seed,
  batch,
  learning_rate,
  weight_decay,
  clip_norm,
  ema,
  target,
} = distillationSchema.unwrap().shape;

export const distributionSchema = z
  .strictObject({
    kind: z.literal("distribution-matching"),
    /** Folder of the student of one step that is gone on from. */
    student: z.string().min(1),
    /** Folder of the teacher, undistilled: it is asked at all times. */
    teacher: z.string().min(1),
    /** Attention guidance of the teacher; none when null. */
    guidance: guidanceSchema.nullable().default(null),
    /** Between which times pictures are compared, and how the fake network's errors are weighed there. */
    compare: z
      .strictObject({
        from: z.number().min(0).max(1).default(0.02),
        to: z.number().min(0).max(1).default(0.98),
        loss: target.shape.loss,
      })
      .prefault({}),
    /** The student's share of the learning rate: the fake network is to follow what it draws. */
    student_rate: z.number().positive().max(1).default(0.1),
    ...{ budget, clamp, seed, batch, learning_rate, weight_decay, clip_norm, ema },
    ...{ sample_every, draw },
  })
  .superRefine((config, context) => {
    const { from, to } = config.compare;
    const message = `expected less than to, ${to}, got ${from}`;
    if (from >= to) context.addIssue({ code: "custom", path: ["compare", "from"], message });
    addBudgetIssue(context, config, distributionEvaluations(config));
  })
  .readonly();

export type DistributionConfig = z.infer<typeof distributionSchema>;

/** Network evaluations of a picture in one update: student, fake network and teacher. */
export function distributionEvaluations({ guidance: guide }: DistributionConfig): number {
  return 2 + guidanceEvaluations(guide ?? undefined);
}

/** As many updates as the budget allows. */
export function distributionUpdates(config: DistributionConfig): number {
  const each = config.batch * distributionEvaluations(config);
  return Math.floor(config.budget / each);
}

/** Identifies what checkpoints depend on: everything but how often to look and how to draw. */
export function distributionDigest(config: DistributionConfig): string {
  const { sample_every: _every, draw: _draw, ...rest } = config;
  return documentDigest(rest);
}
