// Numbers of a range, as JSON is checked for them.

import { z } from "zod";

type Range = readonly [number, number];

/** A number of the range. */
export const within = ([low, high]: Range) => z.number().min(low).max(high);

/** A whole number of the range. */
export const wholeWithin = ([low, high]: Range) => z.int().min(low).max(high);
