// Randomness of training without state: each step's stream follows from the seed and the step alone,
// so that a resumed run draws what an unbroken one would have drawn.

import { Generator } from "../../core/generator.js";

// The finaliser of MurmurHash3: neighbouring keys give unrelated seeds.
function mix(hash: number, key: number): number {
  let h = Math.imul(hash ^ key, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A generator for a seed and a list of whole numbers, such as the step or the epoch. */
export function streamOf(seed: number, ...keys: readonly number[]): Generator {
  return new Generator(BigInt(keys.reduce(mix, mix(0x9e3779b9, seed))));
}

/** The numbers below `count` in a seeded random order (Fisher and Yates). */
export function permutation(count: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const generator = streamOf(seed, epoch);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(generator.random() * (i + 1));
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}

/** Gives the entries of each step in an order shuffled anew every epoch; `at(k)` needs no call before it. */
export class ShuffledOrder {
  private epoch = -1;
  private order: Uint32Array = new Uint32Array(0);

  constructor(
    private readonly count: number,
    private readonly batch: number,
    private readonly seed: number,
  ) {}

  /** The entries of step `k`, counted from 1. */
  at(k: number): number[] {
    const first = (k - 1) * this.batch;
    return Array.from({ length: this.batch }, (_, i) => this.entry(first + i));
  }

  private entry(position: number): number {
    const epoch = Math.floor(position / this.count);
    if (epoch !== this.epoch) {
      this.order = permutation(this.count, this.seed, epoch);
      this.epoch = epoch;
    }
    return this.order[position % this.count]!;
  }
}
