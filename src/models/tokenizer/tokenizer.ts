// CLIP's tokenizer (Radford et al., 2021): lower-cased byte pairs between a start and an end token, padded to a fixed length.

import { BytePairs } from "./byte-pairs.js";
import { WORD_END } from "./bytes.js";
import { readTokenizerFiles } from "./files.js";
import type { AddedToken, TokenizerData, TokenizerFiles } from "./files.js";
import { cutPieces } from "./pieces.js";
import type { Piece, Span } from "./pieces.js";

/** One word, digit or run of punctuation of the text, with the tokens that encode it. */
export interface EncodedWord {
  readonly text: string; // as encoded: lower case
  readonly span: Span;
  readonly tokens: readonly number[]; // positions in `ids`; those past the end are left out
  readonly cut: boolean; // whether some of its tokens did not fit
}

export interface Encoding {
  readonly text: string;
  readonly ids: readonly number[]; // exactly maxLength
  readonly length: number; // tokens before the padding, with start and end
  readonly spans: readonly (Span | undefined)[]; // of every position; undefined for start, end and padding
  readonly words: readonly EncodedWord[];
  readonly lost: string; // the text from the first word that did not fit whole, "" if all did
}

interface Token {
  readonly id: number;
  readonly span: Span;
}

/** A word of a text and its tokens, before anything is cut off. */
interface Split {
  readonly text: string;
  readonly span: Span;
  /** Its tokens, at least one; made when they are asked for. */
  readonly tokens: () => readonly Token[];
}

function patternOf(added: readonly AddedToken[]): RegExp {
  const alternatives = added.map(({ content, anyCase }) => {
    const literal = content.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return anyCase
      ? literal.replace(/\p{L}/gu, (c) => `[${c.toLowerCase()}${c.toUpperCase()}]`)
      : literal;
  });
  return new RegExp(alternatives.join("|"), "gu");
}

export class Tokenizer {
  private readonly pairs: BytePairs;
  private readonly added: RegExp;
  readonly bos: number;
  readonly eos: number;
  readonly pad: number;
  readonly maxLength: number;

  private constructor(private readonly data: TokenizerData) {
    this.pairs = new BytePairs(data.ranks);
    this.added = patternOf(data.added);
    this.bos = data.bos;
    this.eos = data.eos;
    this.pad = data.pad;
    this.maxLength = data.maxLength;
  }

  /** Entries of the vocabulary: every id is below. */
  get size(): number {
    return Math.max(...this.data.added.map(({ id }) => id + 1), this.data.vocabulary.size);
  }

  /** @throws FollowspotError when a file is not what it should be. */
  static from(files: TokenizerFiles): Tokenizer {
    return new Tokenizer(readTokenizerFiles(files));
  }

  /**
   * Encode a text as start, tokens, end, padding.
   *
   * @param maxLength positions in all; tokens that do not fit are dropped, and their words told in `lost`
   */
  encode(text: string, { maxLength = this.maxLength }: { maxLength?: number } = {}): Encoding {
    if (!Number.isInteger(maxLength) || maxLength < 2) {
      throw new Error(`encode: expected a whole maxLength of at least 2, got ${maxLength}`);
    }
    const room = maxLength - 2;
    const all = this.split(text);
    const ids = [this.bos];
    const spans: (Span | undefined)[] = [undefined];
    let lostFrom: number | undefined;
    const words = all.map(({ text: word, span, tokens }): EncodedWord => {
      const left = room - (ids.length - 1);
      // Where no room is left, the tokens would be made for nothing.
      const own = left > 0 ? tokens() : undefined;
      const kept = own?.slice(0, left) ?? [];
      const positions = kept.map((_, index) => ids.length + index);
      ids.push(...kept.map(({ id }) => id));
      spans.push(...kept.map((token) => token.span));
      const cut = own === undefined || kept.length < own.length;
      if (cut) lostFrom ??= span[0];
      return { text: word, span, tokens: positions, cut };
    });
    ids.push(this.eos);
    const length = ids.length;
    while (ids.length < maxLength) ids.push(this.pad);
    while (spans.length < maxLength) spans.push(undefined);
    const lost = lostFrom === undefined ? "" : text.slice(lostFrom).trim();
    return { text, ids, length, spans, words, lost };
  }

  /** The words that a text is cut into, as the tokens see them. */
  split(text: string): Split[] {
    const words: Split[] = [];
    let from = 0;
    const cut = (to: number): void => {
      for (const piece of cutPieces(text.slice(from, to), from)) words.push(this.splitPiece(piece));
    };
    for (const match of text.matchAll(this.added)) {
      cut(match.index);
      from = match.index + match[0].length;
      words.push(this.splitAdded(match[0], [match.index, from]));
    }
    cut(text.length);
    return words;
  }

  private splitAdded(text: string, span: Span): Split {
    const lower = text.toLowerCase();
    const id = this.data.added.find(({ content }) => content.toLowerCase() === lower)!.id;
    return { text, span, tokens: () => [{ id, span }] };
  }

  private splitPiece(piece: Piece): Split {
    return { text: piece.text, span: piece.span, tokens: () => this.tokensOf(piece) };
  }

  private tokensOf({ text, spans }: Piece): Token[] {
    // Where each byte of the piece comes from.
    const sources: Span[] = [];
    let unit = 0;
    const encoder = new TextEncoder();
    for (const point of text) {
      const bytes = encoder.encode(point).length;
      for (let byte = 0; byte < bytes; byte++) sources.push(spans[unit]!);
      unit += point.length;
    }
    let byte = 0;
    return this.pairs.split(text).map((symbol): Token => {
      const length = symbol.endsWith(WORD_END) ? symbol.length - WORD_END.length : symbol.length;
      const [first, last] = [sources[byte]!, sources[byte + length - 1]!];
      byte += length;
      return {
        id: this.data.vocabulary.get(symbol) ?? this.data.unknown,
        span: [first[0], last[1]],
      };
    });
  }
}
