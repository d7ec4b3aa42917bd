// The Mersenne Twister mt19937: 32-bit integers from 624 words of state (Matsumoto and Nishimura, 1998).

export const WORDS = 624;
const SHIFT = 397;
const UPPER = 0x80000000;
const LOWER = 0x7fffffff;

/** The recurrence's word from two neighbouring words. */
function mix(high: number, low: number): number {
  const joined = (high & UPPER) | (low & LOWER);
  return (joined >>> 1) ^ (low & 1 ? 0x9908b0df : 0);
}

export class Mt19937 {
  /** `words` is kept and changed; `position` is the next word to give, 624 when a twist is due. */
  constructor(
    readonly words: Uint32Array,
    public position: number,
  ) {}

  /** An engine seeded with 32 bits. */
  static seeded(seed: number): Mt19937 {
    const words = new Uint32Array(WORDS);
    words[0] = seed;
    for (let i = 1; i < WORDS; i++) {
      const previous = words[i - 1]!;
      words[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
    return new Mt19937(words, WORDS);
  }

  /** The next integer, 0 to 2^32 - 1. */
  next(): number {
    if (this.position === WORDS) this.twist();
    let word = this.words[this.position++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  private twist(): void {
    const words = this.words;
    for (let i = 0; i < WORDS; i++) {
      const next = words[(i + 1) % WORDS]!;
      words[i] = words[(i + SHIFT) % WORDS]! ^ mix(words[i]!, next);
    }
    this.position = 0;
  }
}
