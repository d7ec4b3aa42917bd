// The ranges of numbers that flags, recipes and models' defaults share, inclusive.

export const LIMITS = {
  steps: [1, 1000],
  cfg: [0, 50],
  attentionGuidance: [1, 50],
  attentionThreshold: [0, 1024], // of a mean of 1, over at most so many places
  strength: [0, 20],
  until: [0, 1],
  lift: [0, 1],
  side: [8, 4096], // pixels
  trailing: [0, 75], // padding positions of a prompt of 77
  gain: [0, 10], // of the largest attention
  share: [0, 1],
  threads: [1, 256],
} as const;

/** Seeds are unsigned 64-bit integers, which a JSON number cannot hold. */
export const MAX_SEED = 2n ** 64n - 1n;
