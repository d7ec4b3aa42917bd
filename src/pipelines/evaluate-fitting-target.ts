// What students are taught at a noisy picture: the picture for which one of their steps ends where the teacher arrives.

import { CLEAN } from "../diffusion/continuous.js";
import type { Latent, Level, LogSnrSchedule } from "../diffusion/index.js";
import { pathThrough } from "../distillation/index.js";
import type { PathStep } from "../distillation/index.js";
import type { PixelModel } from "./sample-model.js";
import { trainedFor } from "./sample-settings.js";

/** Steps of a teacher's whole way where neither the request nor the model names any. */
const USUAL_STEPS = 16;

/** How far a model's answer reaches, and how finely the teacher goes there. */
export interface Reach {
  /** Steps of the model's whole way: its answer at t is for the step from t to t - 1 / steps; all the way when 1. */
  readonly steps: number;
  /** Steps of the teacher's whole way. */
  readonly teacherSteps: number;
}

/** The clean picture itself, where no teacher was asked. */
const PICTURE = "picture";

/**
 * The reach of what a student was taught: one step of its own, which its teacher went in `substeps`, of a progressive
 * one; all the way in the steps of its grid of a consistency student, and to the end in such steps of an endpoint
 * student; its teacher's answer at once of a reference student (but for the gap). A student of distributions was held to
 * no picture, and is shown beside what its teacher draws of the same noise, as a model is that names no steps.
 *
 * @param teacherSteps - in place of those
 */
export function reachOf(
  model: Pick<PixelModel, "facts" | "network">,
  teacherSteps: number | undefined,
): Reach | typeof PICTURE {
  const trained = trainedFor(model);
  const usual = model.network.facts.draw?.steps ?? USUAL_STEPS;
  const wholeWay = (its: number): Reach => ({ steps: 1, teacherSteps: teacherSteps ?? its });
  if (!trained) return wholeWay(usual);
  const { kind, steps, substeps } = trained;
  switch (kind) {
    case "progressive":
      return { steps, teacherSteps: teacherSteps ?? substeps * steps };
    case "consistency":
      return wholeWay(steps);
    case "endpoint":
      return wholeWay(substeps * steps);
    case "reference":
      return { steps: 1, teacherSteps: 1 };
    case "distribution":
      return wholeWay(USUAL_STEPS);
    case "data":
      return PICTURE;
    default:
      return kind satisfies never;
  }
}

/** The teacher's DDIM steps from t to where the reach ends, at least one. */
export function wayFrom(schedule: LogSnrSchedule, t: number, reach: Reach): PathStep[] {
  const end = Math.max(0, t - 1 / reach.steps);
  const count = Math.max(1, Math.round((t - end) * reach.teacherSteps));
  const times = Array.from({ length: count + 1 }, (_, j) => t + ((end - t) * j) / count);
  return pathThrough(times.map((time) => (time < 1e-9 ? CLEAN : schedule.level(time))));
}

type Predict = (x: Latent, level: Level) => Promise<Float32Array>;

/**
 * The picture for which one step from `noisy` ends where the teacher's steps end (Salimans and Ho 2022): its predictions
 * on the way by their shares.
 *
 * @param first - its prediction at `noisy`
 */
export async function taughtPicture(
  noisy: Latent,
  first: Float32Array,
  way: readonly PathStep[],
  predict: Predict,
): Promise<Float32Array> {
  const taught = new Float32Array(first.length);
  let here = noisy;
  let x0 = first;
  for (const [j, { level, keep, gain, mix }] of way.entries()) {
    if (j > 0) x0 = await predict(here, level);
    const answer = x0;
    answer.forEach((value, i) => (taught[i] = taught[i]! + mix * value));
    here = { ...here, data: here.data.map((value, i) => keep * value + gain * answer[i]!) };
  }
  return taught;
}

/** Where students were taught something. */
export interface TaughtPlace {
  readonly t: number;
  readonly noisy: Latent;
  readonly first: Float32Array;
  readonly picture: Float32Array;
}

/** What students were taught by a teacher. Those of the same reach were taught the same, which is made once. */
export class Teaching {
  private readonly keys: readonly string[];
  private readonly reaches: ReadonlyMap<string, Reach | typeof PICTURE>;

  /** @param teacherSteps - of its whole way; as `reachOf` has it when absent */
  constructor(
    private readonly schedule: LogSnrSchedule,
    students: readonly Pick<PixelModel, "facts" | "network">[],
    teacherSteps: number | undefined,
  ) {
    const reaches = students.map((student) => reachOf(student, teacherSteps));
    this.keys = reaches.map((reach) => JSON.stringify(reach));
    this.reaches = new Map(reaches.map((reach, i) => [this.keys[i]!, reach]));
  }

  /** How often the teacher is asked beyond its first answer at each of some times. */
  further(times: readonly number[]): number {
    const each = times.flatMap((t) =>
      [...this.reaches.values()].map((reach) =>
        reach === PICTURE ? 0 : wayFrom(this.schedule, t, reach).length - 1,
      ),
    );
    return each.reduce((sum, count) => sum + count, 0);
  }

  /**
   * What each student was taught at a noisy picture.
   *
   * @param place - the noisy picture, the time that it is at, the teacher's answer there, and the clean picture
   */
  async at({ t, noisy, first, picture }: TaughtPlace, predict: Predict): Promise<Float32Array[]> {
    const taught = new Map<string, Float32Array>();
    for (const [key, reach] of this.reaches) {
      if (reach === PICTURE) {
        taught.set(key, picture);
        continue;
      }
      const way = wayFrom(this.schedule, t, reach);
      taught.set(key, await taughtPicture(noisy, first, way, predict));
    }
    return this.keys.map((key) => taught.get(key)!);
  }
}
