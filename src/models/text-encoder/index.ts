// CLIPTextModel: configuration, graph, weight names.

export { parseNewTextEncoderConfig, parseTextEncoderConfig } from "./config.js";
export type { TextEncoderConfig } from "./config.js";
export { textEncoder } from "./text-encoder.js";
export type { TextEncoderOutputs } from "./text-encoder.js";
export { textEncoderWeightName } from "./names.js";
