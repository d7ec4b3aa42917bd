// CLIP's normalisation and its cutting of a text into words, both keeping track of where in the text they are.

/** [start, end) in UTF-16 units of the original text. */
export type Span = readonly [number, number];

/** A stretch of text that is encoded by itself: a word, a digit, a run of punctuation. */
export interface Piece {
  readonly text: string; // normalised: NFC, lower case
  readonly span: Span;
  readonly spans: readonly Span[]; // of every UTF-16 unit of `text`
}

/** Clusters that Unicode composition never joins to their neighbours. */
const CLUSTER = /[\u1100-\u11ff\uac00-\ud7ff]+|\P{M}\p{M}*|\p{M}+/gu;

/** CLIP's pattern; blanks are dropped. Python's \s and Unicode's White_Space agree here. */
const PIECE = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

function normalise(cluster: string): string {
  // Code point by code point, so that a final sigma stays what CLIP makes of it.
  return Array.from(cluster.normalize("NFC"), (point) => point.toLowerCase()).join("");
}

/** Cut a stretch of text, which begins at `offset` of the whole, into pieces. */
export function cutPieces(text: string, offset: number): Piece[] {
  let normalised = "";
  const spans: Span[] = [];
  for (const match of text.matchAll(CLUSTER)) {
    const span: Span = [offset + match.index, offset + match.index + match[0].length];
    const clean = normalise(match[0]);
    normalised += clean;
    for (let unit = 0; unit < clean.length; unit++) spans.push(span);
  }
  return Array.from(normalised.matchAll(PIECE), (match) => {
    const own = spans.slice(match.index, match.index + match[0].length);
    return { text: match[0], span: [own[0]![0], own[own.length - 1]![1]], spans: own };
  });
}
