// GPT-2's printable stand-ins for bytes, with which CLIP's vocabulary is spelled.

/** Marks a symbol that ends a word. */
export const WORD_END = "</w>";

/** Bytes that stand for themselves: printable, and not a blank. */
const PRINTABLE: readonly (readonly [number, number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];

/** All 256 stand-ins in the order of CLIP's vocabulary: printable bytes first. */
export const BYTE_SYMBOLS: readonly string[] = [];

/** The stand-in of every byte. */
export const SYMBOL_OF_BYTE: readonly string[] = [];

{
  const isPrintable = (byte: number): boolean =>
    PRINTABLE.some(([low, high]) => byte >= low && byte <= high);
  const symbols = SYMBOL_OF_BYTE as string[];
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    symbols.push(String.fromCharCode(isPrintable(byte) ? byte : next++));
  }
  const order = BYTE_SYMBOLS as string[];
  order.push(...symbols.filter((_, byte) => isPrintable(byte)));
  order.push(...symbols.filter((_, byte) => !isPrintable(byte)));
}

const utf8 = new TextEncoder();

/** The UTF-8 bytes of a text, spelled in stand-ins. */
export function spell(text: string): string[] {
  return Array.from(utf8.encode(text), (byte) => SYMBOL_OF_BYTE[byte]!);
}
