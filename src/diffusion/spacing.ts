// Lays the steps of a run over the training timesteps, noisiest first (Lin et al. 2023, table 2).

import { FollowspotError } from "../core/errors.js";
import { linspace } from "./schedule.js";
import type { Spacing } from "./scheduler-config.js";

/** How a run's steps are laid out. */
export interface Layout {
  readonly spacing: Spacing;
  /** Number of steps, 1 to `range`. */
  readonly steps: number;
  /** Number of timesteps used, from 0. */
  readonly range: number;
  /** Added to `leading` timesteps. */
  readonly offset: number;
  /** Divides the range into `steps + 1` parts and leaves the cleanest out, as DPM-Solver++ does. */
  readonly openEnd?: boolean;
}

/**
 * The timesteps of a run, falling; fractional for `linspace`. A single step starts at the last timestep whatever the
 * spacing, since `leading` and `linspace` would give the cleanest one, where one step cannot make a picture.
 *
 * @throws FollowspotError when the steps do not fit into the range.
 */
export function timestepsOf(layout: Layout): number[] {
  const { spacing, steps, range, offset } = layout;
  const extra = layout.openEnd ? 1 : 0;
  const most = Math.max(range - extra, 1);
  if (!Number.isInteger(steps) || steps < 1 || steps > most) {
    throw new FollowspotError(`steps: expected a whole number from 1 to ${most}, got ${steps}.`);
  }
  if (steps === 1) return [range - 1];
  const timesteps = SPACED[spacing](steps, range, extra, offset);
  if (timesteps[0]! > range - 1) {
    throw new FollowspotError(
      `steps: ${steps} steps with offset ${offset} reach timestep ${timesteps[0]!}, past the last, ${range - 1}.`,
      { remedy: "Take fewer steps." },
    );
  }
  return timesteps;
}

/** Rounds to the nearest whole number, ties to the even one, as NumPy does. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

type Spaced = (steps: number, range: number, extra: number, offset: number) => number[];

const SPACED: Record<Spacing, Spaced> = {
  leading: (steps, range, extra, offset) => {
    const stride = Math.floor(range / (steps + extra));
    return Array.from({ length: steps }, (_, i) => (steps + extra - 1 - i) * stride + offset);
  },
  trailing: (steps, range) => {
    // NumPy's arange multiplies this difference, not the stride; it decides ties.
    const stride = range - (range - range / steps);
    return Array.from({ length: steps }, (_, i) => roundHalfEven(range - i * stride) - 1);
  },
  linspace: (steps, range, extra) =>
    linspace(0, range - 1, steps + extra)
      .reverse()
      .slice(0, steps),
};
