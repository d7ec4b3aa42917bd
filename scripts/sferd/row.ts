// What a row of an experiment is, and what all rows of a data set share.

import type { SampleAttentionGuidance } from "../../src/pipelines/sample-request.js";

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
  /** Of a teacher guided by its attention while sampling; none when absent. */
  readonly attentionGuidance?: SampleAttentionGuidance;
  /** Pictures whose content is told, or "none" for zeros; drawn latents tell it when absent. */
  readonly like?: string;
  /** Most pictures to draw, where many steps make them dear. */
  readonly count?: number;
}

/** What the rows of a data set have in common. */
export interface Scale {
  /** Presets' names begin with it. */
  readonly name: string;
  /** Pictures to learn from. */
  readonly data: string;
  /** Pictures that nothing learned from: what is told to a predictor in its own row. */
  readonly held: string;
  /** Changes of the preset of the teacher. */
  readonly teacher: Readonly<Record<string, string>>;
  /** Changes that make its network about twice as large, as the predictor takes and has as much as the network. */
  readonly larger: Readonly<Record<string, string>>;
  /** Learning rate of progressive distillation, to be tuned first and alone, then that of all rows. */
  readonly peak: string;
  /** Steps of which the teacher's own draws are measured, for the rule of 3 % by which `first` is chosen. */
  readonly tried: readonly number[];
  /** Steps of a chain's first student; its teacher has twice as many. */
  readonly first: number;
  /** Network evaluations times pictures of one round of a chain, the teacher's included. */
  readonly round: number;
  /** Seeds of the rows that are trained again. */
  readonly seeds: readonly number[];
}
