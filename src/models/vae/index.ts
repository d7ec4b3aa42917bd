// Autoencoders: AutoencoderTiny and AutoencoderKL, configurations and graphs.

export { parseAutoencoderTinyConfig, parseNewAutoencoderTinyConfig } from "./tiny-config.js";
export type { AutoencoderTinyConfig } from "./tiny-config.js";
export { decodeTiny, encodeTiny } from "./tiny.js";
export { parseAutoencoderKLConfig } from "./kl-config.js";
export type { AutoencoderKLConfig } from "./kl-config.js";
export { decodeKL, encodeKL } from "./kl.js";
export type { Posterior } from "./kl.js";
export { autoencoderWeightName } from "./names.js";
