// Byte-pair encoding of one word (Sennrich et al., 2016), with CLIP's mark at a word's end.

import { WORD_END, spell } from "./bytes.js";

/** Words whose symbols are kept, and how long one may be. */
const KEPT_WORDS = 4096;
const KEPT_LENGTH = 64;

/** Joins the pair with the lowest rank until no pair is known. */
export class BytePairs {
  private readonly cache = new Map<string, readonly string[]>();

  /** @param ranks the place of each merge "left right" in the merges file */
  constructor(private readonly ranks: ReadonlyMap<string, number>) {}

  /** The symbols of a word, e.g. "cubes" -> ["cube", "s</w>"]. */
  split(word: string): readonly string[] {
    const known = this.cache.get(word);
    if (known) return known;
    const symbols = this.merge(spell(word));
    if (word.length > KEPT_LENGTH) return symbols;
    if (this.cache.size >= KEPT_WORDS) this.cache.delete([...this.cache.keys()][0]!);
    this.cache.set(word, symbols);
    return symbols;
  }

  private merge(bytes: readonly string[]): string[] {
    const chain = new Chain(
      [...bytes.slice(0, -1), `${bytes[bytes.length - 1]}${WORD_END}`],
      this.ranks,
    );
    // Where pairs of each rank begin. Only what a merge changes is looked at again, so that an endless word ends.
    const waiting = new Map<number, number[]>();
    const note = (at: number): void => {
      const rank = chain.rankAt(at);
      if (rank === undefined) return;
      const places = waiting.get(rank);
      if (places) places.push(at);
      else waiting.set(rank, [at]);
    };
    for (let at = 0; at < bytes.length; at++) note(at);
    while (waiting.size > 0) {
      const rank = lowest(waiting.keys());
      const places = waiting.get(rank)!.sort((a, b) => a - b);
      waiting.delete(rank);
      // A place may have changed since it was noted.
      const joined = places.filter((at) => chain.rankAt(at) === rank && chain.join(at));
      for (const at of joined) {
        note(chain.before(at));
        note(at);
      }
    }
    return chain.rest();
  }
}

/** Symbols in a row, each at the place of its first byte. */
class Chain {
  private readonly next: Int32Array;
  private readonly previous: Int32Array;

  constructor(
    private readonly symbols: (string | undefined)[],
    private readonly ranks: ReadonlyMap<string, number>,
  ) {
    this.next = Int32Array.from(symbols, (_, at) => at + 1);
    this.previous = Int32Array.from(symbols, (_, at) => at - 1);
  }

  /** The rank of the pair that begins there; undefined where none does that is known. */
  rankAt(at: number): number | undefined {
    const [left, right] = [this.symbols[at], this.symbols[this.next[at]!]];
    return left === undefined || right === undefined
      ? undefined
      : this.ranks.get(`${left} ${right}`);
  }

  /** The place of the symbol before; -1 for the first. */
  before(at: number): number {
    return this.previous[at]!;
  }

  /** Makes one symbol of the pair that begins there. */
  join(at: number): true {
    const right = this.next[at]!;
    this.symbols[at] = `${this.symbols[at]}${this.symbols[right]}`;
    this.symbols[right] = undefined;
    const after = this.next[right]!;
    this.next[at] = after;
    if (after < this.symbols.length) this.previous[after] = at;
    return true;
  }

  rest(): string[] {
    return this.symbols.filter((symbol) => symbol !== undefined);
  }
}

function lowest(ranks: Iterable<number>): number {
  let least = Infinity;
  for (const rank of ranks) least = Math.min(least, rank);
  return least;
}

/** Replace each neighbouring left, right by their union, from the left. */
export function joinPair(symbols: readonly string[], left: string, right: string): string[] {
  const joined: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      joined.push(left + right);
      i++;
    } else {
      joined.push(symbols[i]!);
    }
  }
  return joined;
}
