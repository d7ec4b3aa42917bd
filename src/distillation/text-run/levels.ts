// A discrete schedule by times from 0 to 1, laid out as trailing spacing and LCM's do.

import { levelAt, logSnr } from "../../diffusion/index.js";
import type { Schedule } from "../../diffusion/index.js";
import type { Times } from "../grid.js";

/** The level at t is that of timestep t·T - 1, rounded; the last at t = 1 and the first below 1 / T. */
export function timesOf(schedule: Schedule): Times {
  const { trainTimesteps } = schedule;
  return {
    level: (t) => {
      const level = levelAt(schedule, Math.max(0, Math.round(t * trainTimesteps) - 1));
      return { ...level, logSnr: logSnr(level) };
    },
  };
}
