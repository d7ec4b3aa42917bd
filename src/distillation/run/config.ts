// What makes a distillation run: one JSON document, and the rounds that follow from it.

import { createHash } from "node:crypto";
import { z } from "zod";
import { LOSS_WEIGHTINGS } from "../../diffusion/index.js";
import { guidanceEvaluations } from "../../guidance/self-attention/index.js";
import { documentDigest } from "../../training/digest.js";
import { teacherSchema } from "../../training/teacher/index.js";
import type { Teacher, TeacherConfig } from "../../training/teacher/index.js";
import { TARGET_KINDS } from "../loss.js";
import { adversarialSchema } from "./adversarial.js";
import { guidanceSchema } from "./guidance.js";

const whole = z.int().positive();
const run = teacherSchema.unwrap().shape;

const target = z.strictObject({
  kind: z.enum(TARGET_KINDS),
  /** Teacher steps to one of the student's. */
  substeps: whole.max(16).default(2),
  /** How errors of the clean picture are weighed by level. */
  loss: z.enum(LOSS_WEIGHTINGS).default("truncated-snr"),
  /** Reference: how far below t the teacher is asked. */
  gap: z
    .number()
    .positive()
    .max(1)
    .default(1 / 256),
  /** Consistency: whose answer is the target, that of the averaged weights or of the weights themselves. */
  network: z.enum(["average", "parameters"]).default("average"),
  /** Weight of the distance of what the teacher's way down makes of the pictures, beside their squared error. */
  features: z.number().nonnegative().default(0),
});

export const distillationSchema = z
  .strictObject({
    kind: z.literal("distillation"),
    /** Folder of the trained model that is the first teacher. */
    parent: z.string().min(1),
    data: run.data,
    target,
    /** Steps of the first and the last student; each has as many as its teacher over `substeps`. */
    rounds: z.strictObject({ first: whole.max(1024), last: whole.max(1024) }),
    /** Attention guidance of the teacher; none when null. */
    guidance: guidanceSchema
      .extend({
        /** Teachers that are guided: each round's, or the parent alone. */
        rounds: z.enum(["all", "first"]).default("all"),
      })
      .nullable()
      .default(null),
    /** A critic that tells students' pictures from the data's; none when null. */
    adversarial: adversarialSchema.nullable().default(null),
    /** Network evaluations times pictures in each round, the teacher's included. */
    budget: whole,
    /** Largest magnitude of the teacher's pictures; unlimited when null. */
    clamp: z.number().positive().nullable().default(1),
    /** Share of pictures whose class is dropped. */
    class_dropout: run.class_dropout,
    flip: run.flip,
    seed: run.seed,
    batch: run.batch,
    learning_rate: run.learning_rate,
    weight_decay: run.weight_decay,
    clip_norm: run.clip_norm,
    ema: run.ema,
    /** Steps between sample sheets; each round ends with one. */
    sample_every: whole,
    draw: z.strictObject({ count: whole.max(400), seed: z.int().nonnegative() }),
  })
  .superRefine((config, context) => {
    const add = (path: string[], message: string): void =>
      context.addIssue({ code: "custom", path, message });
    if (config.target.kind === "data") add(["target", "kind"], DATA_ALONE);
    const message = faultOf(config);
    if (message) add(["rounds"], message);
    else
      addBudgetIssue(
        context,
        config,
        Math.max(...roundsOf(config).map(({ evaluations }) => evaluations)),
      );
  })
  .readonly();

export type DistillationConfig = z.infer<typeof distillationSchema>;

const DATA_ALONE =
  "expected a target that asks a teacher, got data, which encoder and predictor alone can follow (kind semantic)";

/** Refuses a budget that does not pay for an update of so many evaluations a picture. */
export function addBudgetIssue(
  context: Pick<z.core.$RefinementCtx, "addIssue">,
  { budget, batch }: Pick<DistillationConfig, "budget" | "batch">,
  evaluations: number,
): void {
  const least = batch * evaluations;
  if (budget >= least) return;
  const message = `expected at least ${least}, an update of ${batch} pictures by ${evaluations} evaluations, got ${budget}`;
  context.addIssue({ code: "custom", path: ["budget"], message });
}

type Rounds = Pick<DistillationConfig, "rounds" | "target">;

/** Steps of the students, first to last; none when the last does not follow from the first. */
function studentSteps({ rounds: { first, last }, target: { kind, substeps } }: Rounds): number[] {
  if (first === last) return [first];
  if (kind !== "progressive" || substeps === 1) return [];
  const steps = [first];
  while (steps.at(-1)! > last) steps.push(steps.at(-1)! / substeps);
  return steps.at(-1) === last ? steps : [];
}

function faultOf(config: Rounds): string | undefined {
  if (studentSteps(config).length > 0) return undefined;
  const { kind, substeps } = config.target;
  const { first, last } = config.rounds;
  if (kind !== "progressive") {
    return `expected one round with ${kind}, first and last alike, got ${first} and ${last}`;
  }
  return `expected first to be last times a power of substeps, ${substeps}, got ${first} and ${last}`;
}

/** One round: a student from a teacher. */
export interface Round {
  /** Steps of the student. */
  readonly steps: number;
  /** Whether the teacher is guided. */
  readonly guided: boolean;
  /** Whether a critic judges the student. */
  readonly judged: boolean;
  /** Network evaluations of a picture in one update, forward passes all: student, target network, teacher, its features, the critic's sight. */
  readonly evaluations: number;
  readonly updates: number;
  /** Updates of the rounds before. */
  readonly before: number;
}

/** How often a target asks the teacher. */
function askedOf({ kind, substeps }: DistillationConfig["target"], steps: number): number {
  if (kind === "data") return 0;
  if (kind === "endpoint") return steps * substeps;
  return kind === "reference" ? 1 : substeps;
}

/** The rounds of a configuration: as many updates each as the budget allows. */
export function roundsOf(config: DistillationConfig): Round[] {
  const { target, guidance: guide, adversarial, budget, batch } = config;
  let before = 0;
  return studentSteps(config).map((steps, i, all) => {
    const judged = adversarial !== null && (adversarial.rounds === "all" || i === all.length - 1);
    const guided = guide !== null && (guide.rounds === "all" || i === 0);
    const teacher = askedOf(target, steps) * guidanceEvaluations(guided ? guide : undefined);
    // Of two pictures the way down alone is about one evaluation.
    const features = (target.features > 0 ? 1 : 0) + (judged ? 1 : 0);
    const evaluations = 1 + teacher + (target.kind === "consistency" ? 1 : 0) + features;
    const updates = Math.floor(budget / (batch * evaluations));
    const round = { steps, guided, judged, evaluations, updates, before };
    before += updates;
    return round;
  });
}

/** Identifies what checkpoints depend on: everything but how often to look and how to draw. */
export function distillationDigest(config: DistillationConfig): string {
  const { sample_every: _every, draw: _draw, ...rest } = config;
  return documentDigest(rest);
}

/** Identifies the checkpoints of one round. */
export function roundDigest(digest: string, { steps }: Round): string {
  return createHash("sha256").update(`${digest} ${steps}`).digest("hex");
}

/** The student of a round as a teacher's configuration: its pictures, its batches and its folder are a teacher's. */
export function studentConfig(
  config: DistillationConfig,
  { unet, head, facts }: Pick<Teacher, "unet" | "head" | "facts">,
  { steps, updates }: Round,
): TeacherConfig {
  // A consistency student is taught on a fine grid to answer in one step.
  const drawn = config.target.kind === "consistency" ? 1 : steps;
  const { data, class_dropout, flip, seed, batch, learning_rate, weight_decay, clip_norm } = config;
  return {
    ...{ data, class_dropout, flip, seed, batch, learning_rate, weight_decay, clip_norm, head },
    ...{ kind: "teacher", unet: { ...unet, dropout: 0 }, schedule: facts.schedule },
    ...{ loss: config.target.loss, times: steps, steps: updates, ema: config.ema },
    sample_every: config.sample_every,
    draw: {
      ...{ ...config.draw, steps: drawn, sampler: "ddim", variance: "fixed_small" },
      ...{ share: 0, cfg: 1 },
    },
  };
}
