// What makes a run that distils a text-to-image model: one JSON document.

import { z } from "zod";
import { LIMITS } from "../../core/limits.js";
import { LOSS_WEIGHTINGS } from "../../diffusion/index.js";
import { wholeWithin, within } from "../../io/within.js";
import { sceneChoiceSchema } from "../../training/data/prepare.js";
import { textToImageSchema } from "../../training/text-to-image/config.js";
import { TARGET_KINDS } from "../loss.js";

const whole = z.int().positive();
const share = within(LIMITS.share);
/** How the teacher was trained; a student is, likewise. */
const parents = textToImageSchema.unwrap().shape;

const edits = z.strictObject({
  /** Share of the pictures that are directed; the others see no edit. */
  share: share.default(0.7),
  /** Of two or more named things, the share of pictures in which two get boxes. */
  pairs: share.default(0.5),
  /** Strengths are drawn evenly from this range. */
  strength: z.tuple([within(LIMITS.strength), within(LIMITS.strength)]).default([0.5, 2]),
  /** Sides of the boxes as fractions of the picture. */
  side: z.tuple([share, share]).default([0.25, 0.5]),
  /** Share of the noise range, from its noisy end, in which maps are edited. */
  until: share.default(0.3),
  /** Trailing positions that are directed. */
  trailing: wholeWithin(LIMITS.trailing).default(75),
  gain: within(LIMITS.gain).default(0.15),
  /** Share of the noise range in which the window is added; past it, maps are only weakened outside the boxes. */
  lift: share.default(1),
  outside: share.default(0.001),
});

export const textStudentSchema = z
  .strictObject({
    kind: z.literal("text-to-image-student"),
    /** Folder of the text-to-image model that is the teacher. */
    parent: z.string().min(1),
    /** Folder of a student whose weights are begun with; the parent's own when null. */
    start_from: z.string().min(1).nullable().default(null),
    scenes: sceneChoiceSchema,
    target: z.strictObject({
      kind: z.enum(TARGET_KINDS).exclude(["reference", "data"]),
      /** Teacher steps to one of the student's. */
      substeps: whole.max(16).default(1),
      /** How errors of the clean picture are weighed by level. */
      loss: z.enum(LOSS_WEIGHTINGS).default("truncated-snr"),
      network: z.enum(["average", "parameters"]).default("average"),
      /** Weight of the distance of what the teacher's way down makes of the pictures, beside their squared error. */
      features: z.number().nonnegative().default(0),
      /** Share of the pictures at which the student is asked that its own average walked to from noise, with the same boxes. */
      walked: share.default(0),
    }),
    /** Levels that the student knows: the steps of a progressive one, the discretisation of a consistent one. */
    levels: whole.max(1000),
    /** The teacher's classifier-free guidance, which the student takes in; 1 is none. */
    cfg: z.number().min(1).max(50),
    /** Random boxes that teacher and student obey alike; a student that never saw an edit when null. */
    edits: edits.nullable().default(null),
    seed: z.int().nonnegative(),
    batch: parents.batch,
    steps: whole,
    learning_rate: parents.learning_rate,
    optimiser: parents.optimiser,
    weight_decay: z.number().nonnegative(),
    clip_norm: z.number().positive().default(1),
    ema_decay: share,
    /** Steps between sample sheets. */
    sample_every: whole.default(200),
    sample_prompts: parents.sample_prompts.default([
      "a red cube above a blue sphere",
      "a cat",
      "a house and a tree on a meadow",
      "a purple torus in the snow",
      "an orange sphere on a beach",
      "a penguin next to a car",
    ]),
    /** Steps that the student is drawn in if nothing else is said. */
    draw: z.strictObject({ steps: wholeWithin(LIMITS.steps) }),
  })
  .superRefine(({ target, levels, draw }, context) => {
    if (target.kind !== "progressive" || levels % draw.steps === 0) return;
    const message = `expected a divisor of levels, ${levels}, for a progressive target, got ${draw.steps}`;
    context.addIssue({ code: "custom", path: ["draw", "steps"], message });
  })
  .readonly();

export type TextStudentConfig = z.infer<typeof textStudentSchema>;
export type EditChoice = NonNullable<TextStudentConfig["edits"]>;
