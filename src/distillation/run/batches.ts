// What a student is trained on: a teacher's pictures, classes and noise, and times of the student's grid.

import type { LogSnrSchedule } from "../../diffusion/index.js";
import type { Tensors } from "../../engine/runtime/session.js";
import type { PictureDataset } from "../../io/dataset/index.js";
import { streamOf } from "../../training/data/streams.js";
import { TeacherBatches } from "../../training/teacher/batches.js";
import type { TeacherConfig } from "../../training/teacher/index.js";
import { drawIntervals, gridFeeds } from "../grid.js";
import type { GridOptions } from "../grid.js";
import { criticFeeds } from "./adversarial.js";
import type { DistillationConfig, Round } from "./config.js";

/** The streams of times and of a critic's noise, beside the teacher's own. */
const [TIMES, CRITIC] = [3, 4];

/** Gives the batch of any step of a round; it follows from the seed, the round and the step. */
export class StudentBatches {
  private readonly pictures: TeacherBatches;
  private readonly grid: GridOptions;

  constructor(
    data: PictureDataset,
    private readonly config: DistillationConfig,
    private readonly student: TeacherConfig,
    private readonly round: Round,
    private readonly schedule: LogSnrSchedule,
  ) {
    this.pictures = new TeacherBatches(data, student);
    const { kind, substeps, loss: weighting, gap } = config.target;
    this.grid = { kind, schedule, steps: round.steps, substeps, weighting, gap };
  }

  /** The inputs of update `k` of the round, counted from 1. Rounds go on in the pictures where the one before ended. */
  async at(k: number): Promise<Tensors> {
    const { batch, seed } = this.config;
    const step = this.round.before + k;
    const { pictures, noise, classLabels } = await this.pictures.at(step);
    const offset = streamOf(seed, TIMES, step).random();
    return {
      pictures: pictures!,
      noise: noise!,
      ...(this.student.unet.num_class_embeds === null ? {} : { classLabels: classLabels! }),
      ...gridFeeds(drawIntervals(batch, this.round.steps, offset), this.grid),
      ...this.critic(step, noise!.shape),
    };
  }

  private critic(step: number, shape: readonly number[]): Tensors {
    const { adversarial, seed } = this.config;
    if (!this.round.judged || !adversarial) return {};
    return criticFeeds(adversarial, this.schedule, shape, streamOf(seed, CRITIC, step));
  }
}
