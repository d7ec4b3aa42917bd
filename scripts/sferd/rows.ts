// What an experiment trains and measures: rows that follow from each other, by name.

import type { SampleAttentionGuidance } from "../../src/pipelines/sample-request.js";
import { ANY_STEPS, CHAIN, FEW, teacherDraws } from "./draws.js";
import { judgedRows } from "./judged-rows.js";
import { distributionRows } from "./matched-rows.js";
import type { Draw, Row, Scale } from "./row.js";

/** What a chain spends, whose students have `first` steps, half of them, and so on to 1. */
const chainBudget = ({ first, round }: Pick<Scale, "first" | "round">): number =>
  (Math.log2(first) + 1) * round;

/** Evaluations of an update with a guided teacher and with a plain one: with the same budget the first has fewer updates. */
const GUIDED_UPDATE = 5 / 3;

type Trained = Row & Required<Pick<Row, "train">>;

/** A row again with other seeds; of these one step alone is measured. */
const again = ({ name, train, draws, ...row }: Trained, seeds: readonly number[]): Trained[] =>
  seeds.map((seed) => ({
    ...row,
    name: `${name}-seed${seed}`,
    train: { ...train, set: { ...train.set, seed: String(seed) } },
    draws: draws.filter(({ steps }) => steps === 1),
  }));

/** A student of the teacher by one of the data set's presets. */
function studentOf(
  scale: Scale,
  kind: "progressive" | "progressive-guided" | "consistency",
  set: Readonly<Record<string, string>> = {},
): Trained["train"] {
  const { name, peak, first, round } = scale;
  const chain = kind !== "consistency";
  return {
    preset: `${name}-${kind}`,
    set: {
      parent: "{teacher}/model",
      ...(chain ? { "rounds.first": String(first) } : {}),
      budget: String(chain ? round : chainBudget(scale)),
      "learning_rate.warmup": "20",
      "learning_rate.peak": peak,
      ...set,
    },
  };
}

/** What tells encoder and predictor of variant d what pictures are like. */
interface Told {
  /** Added to the names of rows. */
  readonly suffix: string;
  readonly title: string;
  readonly data: string;
}

/** The teacher's own pictures: what it draws is all that is learned of the data. */
const BY_TEACHER: readonly Told[] = [
  {
    suffix: "-by-teacher",
    title: "variant d on the teacher's own pictures",
    data: "{samples/source-8}",
  },
  {
    suffix: "-by-guided",
    title: "variant d on the guided teacher's pictures",
    data: "{samples/source-guided-8}",
  },
];

/** Teacher and predictor of variant d: a row of the encoder and predictor, and one that draws what they are told. */
function decoders(scale: Scale, { suffix, title, data }: Told, seed?: number): Row[] {
  const { name, held, peak } = scale;
  const own = seed === undefined ? suffix : `${suffix}-seed${seed}`;
  const set: Record<string, string> = { "data.path": data };
  if (seed !== undefined) set.seed = String(seed);
  return [
    {
      name: `decoder${own}`,
      title: `teacher and predictor of ${title}, told test pictures`,
      train: {
        preset: `${name}-semantic`,
        set: {
          student: "{teacher}/model",
          teacher: "{teacher}/model",
          "target.kind": "data",
          budget: String(chainBudget(scale)),
          "learning_rate.peak": peak,
          ...set,
        },
      },
      draws: seed === undefined ? [{ model: "model", steps: 1, sampler: "ddim", like: held }] : [],
    },
    {
      name: `told${own}`,
      title: `teacher and predictor of ${title}, latents drawn`,
      train: { preset: `${name}-latent`, set: { parent: `{decoder${own}}/model`, ...set } },
      draws: [{ model: "model", steps: 1, sampler: "ddim" }],
    },
  ];
}

/** Other settings of guidance, on the teacher itself: what of them would help before a student is trained for it. */
const GUIDANCE_TRIED: readonly {
  readonly name: string;
  readonly told: string;
  readonly change: Partial<SampleAttentionGuidance>;
}[] = [
  { name: "weak", told: "scale 1.1", change: { scale: 1.1 } },
  { name: "strong", told: "scale 2", change: { scale: 2 } },
  { name: "threshold", told: "threshold 2", change: { threshold: 2 } },
  { name: "parity", told: "blur as published", change: { blur: { kernel: 15, sigma: 3 } } },
  { name: "middle", told: "site in the middle", change: { site: "mid.attn.0.self" } },
];

/** What the teacher draws in 8 steps. */
const PLAIN: Draw = { model: "{teacher}/model", steps: 8, sampler: "ddim" };

/** The same, guided by the teacher's attention. */
const guided = (change: Partial<SampleAttentionGuidance> = {}): Draw => ({
  ...PLAIN,
  attentionGuidance: { scale: 1.3, ...change },
});

/** The teacher, and what its users would draw with instead of a student. */
function teacherRows({ name, teacher, tried }: Scale): Row[] {
  const sampled = "teacher, DDIM, guided by its attention while sampling";
  return [
    {
      name: "teacher",
      title: "teacher, DDIM",
      train: { preset: `${name}-teacher`, set: teacher },
      draws: teacherDraws("ddim", tried),
    },
    {
      name: "solver",
      title: "teacher, DPM-Solver++(2M)",
      draws: teacherDraws("dpm++2m", [1, 2, 4, 8, 16]),
    },
    {
      name: "teacher-guided",
      title: sampled,
      draws: [{ ...guided(), count: FEW }],
    },
    ...GUIDANCE_TRIED.map(({ name: suffix, told, change }) => ({
      name: `teacher-guided-${suffix}`,
      title: `${sampled}, ${told}`,
      draws: [{ ...guided(change), count: FEW }],
    })),
    {
      name: "source",
      title: "teacher, DDIM, all pictures",
      draws: [PLAIN],
    },
    {
      name: "source-guided",
      title: `${sampled}, all pictures`,
      draws: [guided()],
    },
  ];
}

/** The plain chain with one setting changed; of these one step alone is measured. */
const changedRows = (scale: Scale): Row[] => [
  {
    name: "pd-half",
    title: "progressive distillation, half the budget",
    train: studentOf(scale, "progressive", { budget: String(scale.round / 2) }),
    draws: CHAIN.slice(0, 1),
  },
  {
    // As much as variant d on the teacher's own pictures spends with drawing them.
    name: "pd-double",
    title: "progressive distillation, twice the budget",
    train: studentOf(scale, "progressive", { budget: String(2 * scale.round) }),
    draws: CHAIN.slice(0, 1),
  },
  {
    name: "pd-constant",
    title: "progressive distillation, constant loss weight",
    train: studentOf(scale, "progressive", { "target.loss": "constant" }),
    draws: CHAIN.slice(0, 1),
  },
];

/** Chains of progressive distillation, plain and of a guided teacher. */
function progressiveRows(scale: Scale): Row[] {
  const plain: Trained = {
    name: "pd",
    title: "progressive distillation",
    train: studentOf(scale, "progressive"),
    draws: CHAIN,
  };
  const guided: Trained = {
    name: "pd-guided",
    title: "progressive distillation, guided teacher",
    train: studentOf(scale, "progressive-guided"),
    draws: CHAIN,
  };
  const { round, seeds } = scale;
  return [
    plain,
    ...again(plain, seeds),
    ...changedRows(scale),
    guided,
    ...again(guided, seeds),
    {
      name: "pd-guided-updates",
      title: "progressive distillation, guided teacher, as many updates",
      train: studentOf(scale, "progressive-guided", {
        budget: String(Math.round(round * GUIDED_UPDATE)),
      }),
      draws: CHAIN.slice(0, 1),
    },
  ];
}

/** The control of a network as large as network and predictor. */
const largerRows = (scale: Scale): Row[] => [
  {
    name: "teacher-large",
    title: "teacher as large as network and predictor, DDIM",
    train: {
      preset: `${scale.name}-teacher`,
      set: { ...scale.teacher, ...scale.larger },
    },
    draws: [{ model: "model", steps: 16, sampler: "ddim" }],
  },
  {
    name: "pd-large",
    title: "progressive distillation of that teacher",
    train: studentOf(scale, "progressive", { parent: "{teacher-large}/model" }),
    draws: CHAIN.slice(0, 1),
  },
];

function consistencyRows(scale: Scale): Row[] {
  const plain: Trained = {
    name: "cd",
    title: "consistency distillation",
    train: studentOf(scale, "consistency"),
    draws: ANY_STEPS,
  };
  return [
    plain,
    ...again(plain, scale.seeds),
    {
      name: "cd-guided",
      title: "consistency distillation, guided teacher",
      train: studentOf(scale, "consistency", { guidance: '{"scale":1.3}' }),
      draws: ANY_STEPS,
    },
  ];
}

/** Encoder and predictor: as coded, for the information test alone, and as variant d. */
function semanticRows(scale: Scale): Row[] {
  const { name, data, round, seeds } = scale;
  const byData: Told = { suffix: "", title: "variant d", data };
  return [
    {
      name: "information",
      title: "encoder and predictor beside the student of 4 steps, as coded",
      train: {
        preset: `${name}-semantic`,
        set: {
          student: "{pd}/students/4",
          teacher: "{pd}/students/8",
          student_steps: "4",
          budget: String(2.5 * round),
        },
      },
      draws: [],
    },
    ...decoders(scale, byData),
    ...seeds.flatMap((seed) => decoders(scale, byData, seed)),
    ...BY_TEACHER.flatMap((told) =>
      [undefined, ...seeds].flatMap((seed) => decoders(scale, told, seed)),
    ),
    {
      name: "decoder-zeros",
      title: "teacher and predictor of variant d, told zeros",
      draws: [{ model: "{decoder}/model", steps: 1, sampler: "ddim", like: "none" }],
    },
  ];
}

/** All rows, each after those that it needs. */
export const rowsOf = (scale: Scale): Row[] => [
  ...teacherRows(scale),
  ...progressiveRows(scale),
  ...largerRows(scale),
  ...consistencyRows(scale),
  ...distributionRows(scale),
  ...judgedRows(scale),
  ...semanticRows(scale),
];
