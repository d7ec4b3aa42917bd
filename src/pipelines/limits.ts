// The ranges of numbers that flags, recipes and models' defaults share, inclusive.
import { z } from "zod";

type Range = readonly [number, number];

export const LIMITS = {
  steps: [1, 1000],
  cfg: [0, 50],
  attentionGuidance: [1, 50],
  attentionThreshold: [0, 1024], // of a mean of 1, over at most so many places
  strength: [0, 20],
  until: [0, 1],
  lift: [0, 1],
  side: [8, 4096], // pixels
  threads: [1, 256],
} as const;

/** Seeds are unsigned 64-bit integers, which a JSON number cannot hold. */
export const MAX_SEED = 2n ** 64n - 1n;

/** A number of the range. */
export const within = ([low, high]: Range) => z.number().min(low).max(high);

/** A whole number of the range. */
export const wholeWithin = ([low, high]: Range) => z.int().min(low).max(high);
