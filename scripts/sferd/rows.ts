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
  /** Pictures whose content is told; drawn latents tell it when absent. */
  readonly like?: string;
}

/** An experiment on one data set. */
export interface Experiment {
  readonly data: string;
  /** Side of the pictures. */
  readonly size: number;
  readonly rows: readonly Row[];
}

const teacherDraws = (sampler: string, steps: readonly number[]): Draw[] =>
  steps.map((each) => ({ model: "{teacher}/model", steps: each, sampler }));

/** One chain yields students of all numbers of steps; that of one step is the run's model. */
const CHAIN: readonly Draw[] = [1, 2, 4].map((steps) => ({
  model: steps === 1 ? "model" : `students/${steps}`,
  steps,
}));

const student = (preset: string, set: Record<string, string> = {}): NonNullable<Row["train"]> => ({
  preset,
  set: { parent: "{teacher}/model", ...set },
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
    ...seeded(
      {
        name: "pd",
        title: "progressive distillation",
        train: student("mnist-progressive"),
        draws: CHAIN,
      },
      [2, 3],
    ),
    ...seeded(
      {
        name: "pd-guided",
        title: "progressive distillation, guided teacher",
        train: student("mnist-progressive-guided"),
        draws: CHAIN,
      },
      [2, 3],
    ),
    {
      name: "cd",
      title: "consistency distillation",
      train: student("mnist-consistency"),
      draws: [1, 2, 4].map((steps) => ({ model: "model", steps })),
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
        },
      },
      draws: [],
    },
    {
      name: "decoder",
      title: "teacher and predictor of variant d, told test pictures",
      train: {
        preset: "mnist-semantic",
        set: {
          student: "{teacher}/model",
          teacher: "{teacher}/model",
          "target.kind": "data",
          budget: "153600",
          "learning_rate.peak": "0.001",
        },
      },
      draws: [{ model: "model", steps: 1, sampler: "ddim", like: "data/mnist" }],
    },
    {
      name: "told",
      title: "teacher and predictor of variant d, latents drawn",
      train: { preset: "mnist-latent", set: { parent: "{decoder}/model" } },
      draws: [{ model: "model", steps: 1, sampler: "ddim" }],
    },
  ],
};

export const EXPERIMENTS: Readonly<Record<string, Experiment>> = { mnist: MNIST };
