// From scores of pictures to a row of the table, with bootstrap intervals of the row and of differences (Efron 1979).

import { Generator } from "../core/generator.js";
import type { PictureScore, ThingScore } from "./placement.js";

/** The columns; all are shares but `meanIou`, and all are in 0..1. */
export const PLACEMENT_METRICS = [
  "found",
  "colourRight",
  "centreInBox",
  "meanIou",
  "bothInBox",
  "relationKept",
] as const;
export type PlacementMetric = (typeof PLACEMENT_METRICS)[number];

/** A column's value, null where no picture has what it measures. */
export type PlacementSummary = Readonly<Record<PlacementMetric, number | null>>;

/** The middle 95 % of a bootstrap. */
export type Interval = readonly [low: number, high: number];

/** What one picture adds to a column: to the sum, and to the count that divides it. */
type Share = readonly [sum: number, count: number];

const over = (
  things: readonly ThingScore[],
  value: (thing: ThingScore) => number | boolean | null,
): Share => {
  const values = things.map(value).filter((each) => each !== null);
  return [values.reduce<number>((sum, each) => sum + Number(each), 0), values.length];
};
const once = (value: boolean | null): Share => (value === null ? [0, 0] : [Number(value), 1]);

/** `found`, `colourRight` and `meanIou` count things; the others count pictures. */
const SHARES: Record<PlacementMetric, (score: PictureScore) => Share> = {
  found: ({ things }) => over(things, ({ found }) => found),
  // Of the solids that were found.
  colourRight: ({ things }) => over(things, ({ colourRight }) => colourRight),
  // Of the pictures with one box; those with two have a column of their own.
  centreInBox: ({ things }) => (things.length === 1 ? once(things[0]!.centreInBox) : [0, 0]),
  meanIou: ({ things }) => over(things, ({ iou }) => iou),
  bothInBox: ({ bothInBox }) => once(bothInBox),
  relationKept: ({ relationKept }) => once(relationKept),
};

/** Means over pictures, each column over those that it concerns. */
export function summarise(scores: readonly PictureScore[]): PlacementSummary {
  return eachMetric((metric) => quotient(scores.map(SHARES[metric])));
}

export interface BootstrapOptions {
  /** Samples drawn; 2000 when absent. */
  readonly samples?: number;
  /** Seed of the draws; 1 when absent. */
  readonly seed?: bigint;
}

/** The 95 % interval of each column, by drawing pictures with replacement; null where the column is. */
export function intervals(
  scores: readonly PictureScore[],
  options: BootstrapOptions = {},
): Readonly<Record<PlacementMetric, Interval | null>> {
  return bootstrap(scores.length, options, (metric) => [scores.map(SHARES[metric])]);
}

/** A column's difference, its 95 % interval, and whether that leaves out 0. */
export interface Difference {
  readonly difference: number;
  readonly interval: Interval;
  readonly significant: boolean;
}

/**
 * How much higher each column of `scores` is than that of `base`, picture `i` of both having one
 * prompt and seed: both are drawn together, so that what pictures share cancels.
 *
 * Throws when the lists differ in length.
 */
export function differences(
  scores: readonly PictureScore[],
  base: readonly PictureScore[],
  options: BootstrapOptions = {},
): Readonly<Record<PlacementMetric, Difference | null>> {
  if (scores.length !== base.length) {
    throw new Error(`differences: expected ${base.length} scores, got ${scores.length}`);
  }
  const [high, low] = [summarise(scores), summarise(base)];
  const found = bootstrap(scores.length, options, (metric) => [
    scores.map(SHARES[metric]),
    base.map(SHARES[metric]),
  ]);
  return eachMetric((metric) => {
    const interval = found[metric];
    const [value, other] = [high[metric], low[metric]];
    if (!interval || value === null || other === null) return null;
    const significant = interval[0] > 0 || interval[1] < 0;
    return { difference: value - other, interval, significant };
  });
}

function eachMetric<T>(make: (metric: PlacementMetric) => T): Record<PlacementMetric, T> {
  const entries = PLACEMENT_METRICS.map((metric) => [metric, make(metric)]);
  return Object.fromEntries(entries) as Record<PlacementMetric, T>;
}

function quotient(shares: readonly Share[]): number | null {
  const sum = shares.reduce((total, [value]) => total + value, 0);
  const count = shares.reduce((total, [, each]) => total + each, 0);
  return count > 0 ? sum / count : null;
}

/** Percentiles 2.5 and 97.5 of a quotient, or of the first's less the second's, over drawn samples. */
function bootstrap(
  count: number,
  { samples = 2000, seed = 1n }: BootstrapOptions,
  columns: (metric: PlacementMetric) => readonly (readonly Share[])[],
): Record<PlacementMetric, Interval | null> {
  const generator = new Generator(seed);
  const shares = eachMetric(columns);
  const values = eachMetric(() => [] as number[]);
  for (let sample = 0; sample < samples; sample++) {
    const drawn = Array.from({ length: count }, () => Math.floor(generator.random() * count));
    for (const metric of PLACEMENT_METRICS) {
      const [first, second] = shares[metric].map((list) => drawnQuotient(list, drawn));
      if (first === null || second === null || first === undefined) continue;
      values[metric].push(first - (second ?? 0));
    }
  }
  return eachMetric((metric) => percentiles(values[metric]));
}

function drawnQuotient(list: readonly Share[], drawn: readonly number[]): number | null {
  let [sum, count] = [0, 0];
  for (const index of drawn) {
    sum += list[index]![0];
    count += list[index]![1];
  }
  return count > 0 ? sum / count : null;
}

function percentiles(values: number[]): Interval | null {
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  const at = (share: number): number => values[Math.round(share * (values.length - 1))]!;
  return [at(0.025), at(0.975)];
}
