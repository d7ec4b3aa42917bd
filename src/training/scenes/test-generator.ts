// A tiny seeded source of uniform numbers (mulberry32), for tests of scenes only.

import type { RandomSource } from "./scene.js";

export function testGenerator(seed: number): RandomSource {
  let state = seed | 0;
  return {
    random(): number {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
