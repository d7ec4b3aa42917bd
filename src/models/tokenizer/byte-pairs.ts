// Byte-pair encoding of one word (Sennrich et al., 2016), with CLIP's mark at a word's end.

import { WORD_END, spell } from "./bytes.js";

/** Joins the pair with the lowest rank until no pair is known. */
export class BytePairs {
  private readonly cache = new Map<string, readonly string[]>();

  /** @param ranks the place of each merge "left right" in the merges file */
  constructor(private readonly ranks: ReadonlyMap<string, number>) {}

  /** The symbols of a word, e.g. "cubes" -> ["cube", "s</w>"]. */
  split(word: string): readonly string[] {
    let symbols = this.cache.get(word);
    if (!symbols) {
      symbols = this.merge(spell(word));
      this.cache.set(word, symbols);
    }
    return symbols;
  }

  private merge(bytes: readonly string[]): string[] {
    let symbols = [...bytes.slice(0, -1), `${bytes[bytes.length - 1]}${WORD_END}`];
    for (;;) {
      const best = this.bestPair(symbols);
      if (!best) return symbols;
      symbols = joinPair(symbols, best[0], best[1]);
    }
  }

  private bestPair(symbols: readonly string[]): readonly [string, string] | undefined {
    let found: readonly [string, string] | undefined;
    let lowest = Infinity;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const rank = this.ranks.get(`${symbols[i]} ${symbols[i + 1]}`) ?? Infinity;
      if (rank >= lowest) continue;
      lowest = rank;
      found = [symbols[i]!, symbols[i + 1]!];
    }
    return found;
  }
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
