// Seeds of pictures: what a call may give, and which of them draw the same.

import { FollowspotError } from "../core/errors.js";
import { seedBits } from "../core/generator.js";
import { shown } from "../io/json-issues.js";

/**
 * Checks seeds that are drawn in one call.
 *
 * @throws FollowspotError if one is no bigint of 64 bits, or if two would draw equal pictures
 */
export function checkSeeds(seeds: readonly bigint[]): void {
  // Programs without types call this too.
  if (!Array.isArray(seeds)) {
    throw new FollowspotError(`seeds: expected a list of bigints, got ${shown(seeds)}.`);
  }
  if (seeds.length === 0) throw new FollowspotError("seeds: expected at least one, got none.");
  const byBits = new Map<number, bigint>();
  for (const seed of seeds) {
    if (typeof seed !== "bigint") {
      const remedy = "Write 7n for 7, or BigInt(7).";
      throw new FollowspotError(`seed: expected a bigint, got ${shown(seed)}.`, { remedy });
    }
    const { bits } = seedBits(seed);
    const other = byBits.get(bits);
    if (other !== undefined) {
      throw new FollowspotError(
        `seeds: expected seeds that differ in their low 32 bits, got ${other} and ${seed}, of equal pictures.`,
        { remedy: "Only these bits seed the generator, as in PyTorch." },
      );
    }
    byBits.set(bits, seed);
  }
}

/** What a person should know of seeds before they are drawn, in a line. */
export function seedWarnings(seeds: readonly bigint[]): string[] {
  const [first, ...others] = seeds.filter((seed) => seedBits(seed).dropped);
  if (first === undefined) return [];
  const more = others.length > 0 ? `, and so on for ${others.length} more` : "";
  return [
    `warning: only the low 32 bits of a seed count, as in PyTorch: ${first} draws what ${seedBits(first).bits} does${more}.`,
  ];
}
