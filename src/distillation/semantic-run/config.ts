// What makes a run of stage B: a frozen student, the teacher that it is to follow, and what tells it the picture.

import { z } from "zod";
import { WIRINGS } from "../../models/gradient-predictor/index.js";
import type { GradientPredictorConfig } from "../../models/gradient-predictor/index.js";
import { semanticEncoderConfig } from "../../models/semantic-encoder/index.js";
import type { SemanticEncoderConfig } from "../../models/semantic-encoder/index.js";
import { documentDigest } from "../../training/digest.js";
import type { Teacher } from "../../training/teacher/index.js";
import { addBudgetIssue, distillationSchema, roundsOf } from "../run/config.js";
import type { DistillationConfig, Round } from "../run/config.js";
import { guidanceSchema } from "../run/guidance.js";
import { LATENT_SOURCES, SHIFT_FACTORS } from "../semantic.js";

const whole = z.int().positive();
const {
  kind: _kind,
  parent: _parent,
  rounds: _rounds,
  guidance: _guidance,
  adversarial: _adversarial,
  ...shared
} = distillationSchema.unwrap().shape;

export const semanticSchema = z
  .strictObject({
    kind: z.literal("semantic"),
    /** Folder of the student, which stays as it is. */
    student: z.string().min(1),
    /** Folder of its teacher. */
    teacher: z.string().min(1),
    /** Steps of the student. */
    student_steps: whole.max(1024),
    ...shared,
    /** Attention guidance of the teacher; none when null. */
    guidance: guidanceSchema.nullable().default(null),
    /** Width of the encoder's first block, and numbers that tell a picture. */
    encoder: z.strictObject({ width: whole.default(64), latent_dim: whole.default(128) }),
    /** Where the predictor joins the student. */
    wiring: z.enum(WIRINGS).default("code"),
    /** What the predictor's output is multiplied by. */
    factor: z.enum(SHIFT_FACTORS).default("bounded"),
    /** Whose content the latent tells. */
    source: z.enum(LATENT_SOURCES).default("data"),
  })
  .superRefine((config, context) => {
    const { target, source, guidance } = config;
    const { kind } = target;
    const add = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    if (kind === "consistency" && source === "target") add("source", CIRCULAR);
    if (kind === "data" && source === "target") add("source", SAME);
    if (kind === "data" && guidance) add("guidance", `${UNASKED} a scale of ${guidance.scale}`);
    addBudgetIssue(context, config, semanticRound(config).evaluations);
  })
  .readonly();

const CIRCULAR =
  "expected data with a consistency target, whose network is told the latent itself, got target";

const SAME = "expected data with a target of the data, which are the same picture, got target";
const UNASKED = "expected null with a target of the data, which asks no teacher, got";

export type SemanticConfig = z.infer<typeof semanticSchema>;

/** The same target, teacher and batches as those of a single round of distillation. */
export function asDistillation(config: SemanticConfig): DistillationConfig {
  const { student: _student, teacher, student_steps: steps, encoder: _encoder, ...rest } = config;
  const { wiring: _wiring, factor: _factor, source: _source, guidance, ...common } = rest;
  return {
    ...{ ...common, kind: "distillation", parent: teacher },
    guidance: guidance && { ...guidance, rounds: "all" },
    adversarial: null,
    rounds: { first: steps, last: steps },
  };
}

/** The one round: an evaluation of encoder and predictor beside those of the student, in the target network too. */
export function semanticRound(config: SemanticConfig): Round {
  const [round] = roundsOf(asDistillation(config)) as [Round];
  const evaluations = round.evaluations + (config.target.kind === "consistency" ? 2 : 1);
  const updates = Math.floor(config.budget / (config.batch * evaluations));
  return { ...round, evaluations, updates };
}

/** Identifies what checkpoints depend on: everything but how often to look and how to draw. */
export function semanticDigest(config: SemanticConfig): string {
  const { sample_every: _every, draw: _draw, ...rest } = config;
  return documentDigest(rest);
}

/** The encoder and the predictor beside a student. Throws FollowspotError where there is no form for its size. */
export function partsOf(
  { encoder, wiring }: Pick<SemanticConfig, "encoder" | "wiring">,
  { unet, size }: Pick<Teacher, "unet" | "size">,
): { readonly encoder: SemanticEncoderConfig; readonly predictor: GradientPredictorConfig } {
  const { width, latent_dim: latentDim } = encoder;
  return {
    encoder: semanticEncoderConfig(size, { channels: unet.in_channels, latentDim, width }),
    predictor: { latent_dim: latentDim, wiring, unet },
  };
}
