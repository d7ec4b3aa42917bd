// The student's grid of times, and what of it a batch is trained on.

import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import { signalWeight } from "../diffusion/index.js";
import type { Level, LogSnrLevel, LossWeighting } from "../diffusion/index.js";
import { CLEAN } from "../diffusion/continuous.js";
import type { TargetKind } from "./loss.js";
import { levelFeeds, pathFeeds, pathThrough } from "./path.js";
import type { PathStep } from "./path.js";

/** The levels at times from 0 to 1. */
export interface Times {
  /** Throws FollowspotError outside of 0 to 1. */
  readonly level: (t: number) => LogSnrLevel;
}

export interface GridOptions {
  readonly kind: TargetKind;
  readonly schedule: Times;
  /** Steps of the student: it is trained at t = i / steps, i from 1. */
  readonly steps: number;
  /** Teacher steps to one of the student's. */
  readonly substeps: number;
  /** How errors of the clean picture are weighed by level. */
  readonly weighting: LossWeighting;
  /** Reference: how far below t the teacher is asked; 1/256 when absent. */
  readonly gap?: number | undefined;
}

/** One step of the published teacher. */
export const REFERENCE_GAP = 1 / 256;

/** The level at t; without any noise at 0. */
function arrival(schedule: Times, t: number): Level {
  return t === 0 ? CLEAN : schedule.level(t);
}

/** The levels from t = i / steps to (i - 1) / steps with `substeps` - 1 between them, evenly in t. */
export function intervalLevels(
  i: number,
  { schedule, steps, substeps }: Pick<GridOptions, "schedule" | "steps" | "substeps">,
): Level[] {
  const fine = steps * substeps;
  return Array.from({ length: substeps + 1 }, (_, j) =>
    arrival(schedule, (i * substeps - j) / fine),
  );
}

/** The levels from t = i / steps to 0, by the same steps. */
function levelsToEnd(i: number, options: Parameters<typeof intervalLevels>[1]): Level[] {
  const each = Array.from({ length: i }, (_, j) => intervalLevels(i - j, options));
  return [...each.flatMap((levels) => levels.slice(0, -1)), CLEAN];
}

/** A path drawn out to `length` by steps that go nowhere: those of a batch are of one length. */
function standingStill(path: readonly PathStep[], length: number): PathStep[] {
  const { level } = path.at(-1)!;
  const none: PathStep = { level, keep: 1, gain: 0, mix: 0 };
  return [...path, ...new Array<PathStep>(length - path.length).fill(none)];
}

/**
 * Intervals i, from 1 to `steps`, of the pictures of a batch: one in each of as many equal ranges as there are
 * pictures, so that every batch sees the whole grid. `offset` is uniform from [0, 1).
 */
export function drawIntervals(batch: number, steps: number, offset: number): number[] {
  return Array.from({ length: batch }, (_, n) =>
    Math.min(1 + Math.floor(((n + offset) / batch) * steps), steps),
  );
}

/** The feeds of a distillation step but for pictures and noise: levels, paths and weights. */
export function gridFeeds(
  intervals: readonly number[],
  options: GridOptions,
): Record<string, HostTensor> {
  const { kind, schedule, steps, weighting } = options;
  const paths = intervals.map((i) => intervalLevels(i, options));
  const starts = intervals.map((i) => schedule.level(i / steps));
  const weights = starts.map((level) => signalWeight(weighting, level));
  const weight = floats([intervals.length], weights);
  if (kind === "progressive") return { weight, ...pathFeeds(paths.map(pathThrough)) };
  if (kind === "endpoint") {
    const ways = intervals.map((i) => pathThrough(levelsToEnd(i, options)));
    const longest = steps * options.substeps;
    return { weight, ...pathFeeds(ways.map((way) => standingStill(way, longest))) };
  }
  if (kind === "data") return { weight, ...levelFeeds("path.0", starts) };
  if (kind === "reference") {
    const { gap = REFERENCE_GAP } = options;
    const times = intervals.map((i) => Math.max(i / steps - gap, 0));
    // The teacher is asked there, so at t = 0 too it is a level with some noise.
    const ends = levelFeeds(
      "end",
      times.map((t) => schedule.level(t)),
    );
    return { weight, ...levelFeeds("path.0", starts), ...ends };
  }
  const times = intervals.map((i) => (i - 1) / steps);
  const ends = times.map((t) => arrival(schedule, t));
  const clean = floats(
    [intervals.length],
    times.map((t) => (t === 0 ? 1 : 0)),
  );
  return { weight, clean, ...levelFeeds("end", ends), ...pathFeeds(paths.map(pathThrough)) };
}
