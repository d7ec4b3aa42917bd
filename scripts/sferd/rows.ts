// What the experiment trains and measures: rows that follow from each other, by name.

/** A run of `followspot train`, or none where a row only draws another's model. */
export interface Row {
  readonly name: string;
  /** What it is, as the tables say it; rows that differ in their seed alone share it. */
  readonly title: string;
  /** Preset and changed values; `{name}` stands for the run of another row. */
  readonly train?: { readonly preset: string; readonly set: Readonly<Record<string, string>> };
  /** What is drawn and measured. */
  readonly draws: readonly Draw[];
}

/** Pictures of a row's model. */
export interface Draw {
  /** Folder of the model inside the run; `{name}` stands for the run of another row. */
  readonly model: string;
  readonly steps: number;
  /** A teacher's; the model's own when absent. */
  readonly sampler?: string;
  /** Scale of self-attention guidance while sampling; none when absent. */
  readonly attentionGuidance?: number;
  /** Pictures whose content is told, or "none" for zeros; drawn latents tell it when absent. */
  readonly like?: string;
  /** Most pictures to draw, where many steps make them dear. */
  readonly count?: number;
}

/** An experiment on one data set. */
export interface Experiment {
  readonly data: string;
  /** Side of the pictures. */
  readonly size: number;
  readonly rows: readonly Row[];
}

/** Pictures to compare a teacher's numbers of steps by. */
const FEW = 2000;

const teacherDraws = (sampler: string, steps: readonly number[]): Draw[] =>
  steps.map((each) => ({ model: "{teacher}/model", steps: each, sampler, count: FEW }));

/** One chain yields students of all numbers of steps; that of one step is the run's model. */
const CHAIN: readonly Draw[] = [1, 2, 4].map((steps) => ({
  model: steps === 1 ? "model" : `students/${steps}`,
  steps,
}));

/** A consistency student takes any number of steps. */
const ANY_STEPS: readonly Draw[] = [1, 2, 4].map((steps) => ({ model: "model", steps }));

/** Network evaluations times pictures of a student, the teacher's included: of one round of a chain, or in all. */
const BUDGET = { round: "19200", all: "76800" };

/** Learning rate of progressive distillation, tuned first and alone, then that of all rows. */
const PEAK = "0.001";

/** With this budget a guided teacher's five evaluations leave as many updates as the plain one's three. */
const GUIDED_BUDGET = "32000";

/** About twice the multiplications and parameters, as the predictor takes and has as much as the network. */
const LARGER = { "unet.block_out_channels": "[24,48,112]", "unet.norm_num_groups": "8" };

const student = (preset: string, set: Record<string, string> = {}): NonNullable<Row["train"]> => ({
  preset,
  set: {
    parent: "{teacher}/model",
    budget: preset === "mnist-consistency" ? BUDGET.all : BUDGET.round,
    "learning_rate.warmup": "20",
    "learning_rate.peak": PEAK,
    ...set,
  },
});

/** A row, and again with other seeds; of these one step alone is measured. */
function seeded(row: Row & Required<Pick<Row, "train">>, seeds: readonly number[]): Row[] {
  const { name, train, draws } = row;
  const again = seeds.map((seed) => ({
    ...{ ...row, name: `${name}-seed${seed}`, draws: draws.filter(({ steps }) => steps === 1) },
    train: { ...train, set: { ...train.set, seed: String(seed) } },
  }));
  return [row, ...again];
}

const SEEDS = [2, 3];

/** What tells encoder and predictor of variant d what pictures are like. */
interface Told {
  /** Added to the names of rows. */
  readonly suffix: string;
  readonly title: string;
  readonly data: string;
}

/** As section 7 of the specification has it: the data itself. */
const BY_DATA: Told = { suffix: "", title: "variant d", data: "data/mnist" };
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
function decoders({ suffix, title, data }: Told, seed?: number): Row[] {
  const own = seed === undefined ? suffix : `${suffix}-seed${seed}`;
  const set: Record<string, string> = { "data.path": data };
  if (seed !== undefined) set.seed = String(seed);
  return [
    {
      name: `decoder${own}`,
      title: `teacher and predictor of ${title}, told test pictures`,
      train: {
        preset: "mnist-semantic",
        set: {
          student: "{teacher}/model",
          teacher: "{teacher}/model",
          "target.kind": "data",
          budget: BUDGET.all,
          "learning_rate.peak": PEAK,
          ...set,
        },
      },
      draws:
        seed === undefined
          ? [{ model: "model", steps: 1, sampler: "ddim", like: "data/mnist" }]
          : [],
    },
    {
      name: `told${own}`,
      title: `teacher and predictor of ${title}, latents drawn`,
      train: { preset: "mnist-latent", set: { parent: `{decoder${own}}/model`, ...set } },
      draws: [{ model: "model", steps: 1, sampler: "ddim" }],
    },
  ];
}

const MNIST: Experiment = {
  data: "data/mnist",
  size: 32,
  rows: [
    {
      name: "teacher",
      title: "teacher, DDIM",
      train: { preset: "mnist-teacher", set: {} },
      draws: teacherDraws("ddim", [1, 2, 4, 8, 16, 32]),
    },
    {
      name: "solver",
      title: "teacher, DPM-Solver++(2M)",
      draws: teacherDraws("dpm++2m", [2, 4, 8]),
    },
    {
      name: "teacher-guided",
      title: "teacher, DDIM, guided by its attention while sampling",
      draws: [
        { model: "{teacher}/model", steps: 8, sampler: "ddim", attentionGuidance: 1.3, count: FEW },
      ],
    },
    {
      name: "source",
      title: "teacher, DDIM, all pictures",
      draws: [{ model: "{teacher}/model", steps: 8, sampler: "ddim" }],
    },
    {
      name: "source-guided",
      title: "teacher, DDIM, guided by its attention while sampling, all pictures",
      draws: [{ model: "{teacher}/model", steps: 8, sampler: "ddim", attentionGuidance: 1.3 }],
    },
    ...seeded(
      {
        name: "pd",
        title: "progressive distillation",
        train: student("mnist-progressive"),
        draws: CHAIN,
      },
      SEEDS,
    ),
    {
      // As much as variant d on the teacher's own pictures spends with drawing them.
      name: "pd-double",
      title: "progressive distillation, twice the budget",
      train: student("mnist-progressive", { budget: "38400" }),
      draws: CHAIN.slice(0, 1),
    },
    ...seeded(
      {
        name: "pd-guided",
        title: "progressive distillation, guided teacher",
        train: student("mnist-progressive-guided"),
        draws: CHAIN,
      },
      SEEDS,
    ),
    {
      name: "pd-guided-updates",
      title: "progressive distillation, guided teacher, as many updates",
      train: student("mnist-progressive-guided", { budget: GUIDED_BUDGET }),
      draws: CHAIN.slice(0, 1),
    },
    {
      name: "teacher-large",
      title: "teacher as large as network and predictor, DDIM",
      train: { preset: "mnist-teacher", set: LARGER },
      draws: [{ model: "model", steps: 16, sampler: "ddim" }],
    },
    {
      name: "pd-large",
      title: "progressive distillation of that teacher",
      train: student("mnist-progressive", { parent: "{teacher-large}/model" }),
      draws: CHAIN.slice(0, 1),
    },
    ...seeded(
      {
        name: "cd",
        title: "consistency distillation",
        train: student("mnist-consistency"),
        draws: ANY_STEPS,
      },
      SEEDS,
    ),
    {
      name: "cd-guided",
      title: "consistency distillation, guided teacher",
      train: student("mnist-consistency", { guidance: '{"scale":1.3}' }),
      draws: ANY_STEPS,
    },
    {
      name: "information",
      title: "encoder and predictor beside the student of 4 steps, as coded",
      train: {
        preset: "mnist-semantic",
        set: {
          student: "{pd}/students/4",
          teacher: "{pd}/students/8",
          student_steps: "4",
          budget: "48000",
        },
      },
      draws: [],
    },
    ...decoders(BY_DATA),
    ...SEEDS.flatMap((seed) => decoders(BY_DATA, seed)),
    ...BY_TEACHER.flatMap((told) => [...decoders(told), ...decoders(told, SEEDS[0])]),
    {
      name: "decoder-zeros",
      title: "teacher and predictor of variant d, told zeros",
      draws: [{ model: "{decoder}/model", steps: 1, sampler: "ddim", like: "none" }],
    },
  ],
};

export const EXPERIMENTS: Readonly<Record<string, Experiment>> = { mnist: MNIST };
