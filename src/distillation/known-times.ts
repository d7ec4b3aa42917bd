// At which times a network is asked, and at which a student knows an answer: elsewhere it was never trained.

import { FollowspotError } from "../core/errors.js";
import type { Teacher } from "../training/teacher/index.js";
import { REFERENCE_GAP } from "./grid.js";
import type { GridOptions } from "./grid.js";

/** Whether t is one of the times i / steps. */
export function isOnGrid(t: number, steps: number): boolean {
  const place = t * steps;
  return Math.abs(place - Math.round(place)) < 1e-9;
}

/** The times i / steps, i from 1. */
export function timesOfSteps(steps: number): number[] {
  return Array.from({ length: steps }, (_, i) => (i + 1) / steps);
}

/** The times at which a student of so many steps has its teacher asked; none with a target of the data. */
export function teacherTimes(
  { kind, substeps, gap = REFERENCE_GAP }: Pick<GridOptions, "kind" | "substeps" | "gap">,
  steps: number,
): number[] {
  if (kind === "data") return [];
  if (kind === "reference") return timesOfSteps(steps).map((t) => Math.max(t - gap, 0));
  return timesOfSteps(steps * substeps);
}

/**
 * Checks that a network knows the times at which it is asked: an undistilled teacher knows all, a student those of its own
 * steps, whatever its target.
 *
 * @throws FollowspotError naming the option, and the first time that it does not know
 */
export function expectKnownTimes(
  option: string,
  { facts: { student } }: Pick<Teacher, "facts">,
  asked: readonly number[],
  remedy: string,
): void {
  if (student === undefined) return;
  const { steps, target } = student;
  const stray = asked.find((t) => t === 0 || !isOnGrid(t, steps));
  if (stray === undefined) return;
  throw new FollowspotError(
    `distil: ${option}: expected a network that knows t = ${Number(stray.toPrecision(4))}, where it is asked, ` +
      `got a student (${target.kind}) of ${steps} ${steps === 1 ? "step" : "steps"}, trained at t = i / ${steps} alone.`,
    { remedy },
  );
}

/** Throws FollowspotError, naming the option, where a network that is asked at all times is a student. */
export function expectUndistilled(
  option: string,
  { facts: { student } }: Pick<Teacher, "facts">,
): void {
  if (student === undefined) return;
  throw new FollowspotError(
    `distil: ${option}: expected an undistilled teacher, which is asked at all times, ` +
      `got a student, trained at t = i / ${student.steps} alone.`,
    { remedy: `Set ${option} to the teacher that it comes from.` },
  );
}
