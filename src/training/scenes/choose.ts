// Small draws from a source of uniform numbers.

import type { RandomSource } from "./scene.js";

/** A number in [low, high). */
export function uniform(generator: RandomSource, low: number, high: number): number {
  return low + (high - low) * generator.random();
}

/** One member of a non-empty list, each as likely. */
export function choose<T>(generator: RandomSource, list: readonly T[]): T {
  const index = Math.min(list.length - 1, Math.floor(generator.random() * list.length));
  return list[index] as T;
}

/** True with the given probability. */
export function chance(generator: RandomSource, probability: number): boolean {
  return generator.random() < probability;
}

/** The list in a random order (Fisher-Yates), leaving the original as it is. */
export function shuffled<T>(generator: RandomSource, list: readonly T[]): T[] {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.min(last, Math.floor(generator.random() * (last + 1)));
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}
