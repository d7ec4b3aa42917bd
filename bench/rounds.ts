// Rounds: every work once a round, in an order that turns, so that a slow minute slows all alike.

import { setTimeout as rest } from "node:timers/promises";
import type { Work } from "./work.js";

/** Times of one work over the rounds. */
export interface Timing {
  readonly work: Work;
  /** Milliseconds, one a round. */
  readonly times: readonly number[];
}

/** The middle value, or the mean of the two in the middle. Throws when there is none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("median: expected at least one value, got none");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const WARMUPS = 2; // runs before timing: the first takes seconds of page faults

/** Times all works in alternation. */
export async function alternate(works: readonly Work[], rounds: number): Promise<Timing[]> {
  const times = works.map((): number[] => []);
  for (let round = -WARMUPS; round < rounds; round++) {
    for (let place = 0; place < works.length; place++) {
      const index = (place + round + WARMUPS) % works.length;
      const work = works[index]!;
      const ms = await work.run();
      if (work.restMs) await rest(work.restMs);
      if (round >= 0) times[index]!.push(ms);
    }
  }
  return works.map((work, i) => ({ work, times: times[i]! }));
}
