// CLIP's tokenizer: texts to ids, and words to tokens.

export { Tokenizer } from "./tokenizer.js";
export type { EncodedWord, Encoding } from "./tokenizer.js";
export { locateWords, nearestWords } from "./locate.js";
export type { Location } from "./locate.js";
export type { TokenizerFiles } from "./files.js";
export type { Span } from "./pieces.js";
