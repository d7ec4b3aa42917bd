// The semantic encoder: configuration and graph.

export { parseSemanticEncoderConfig, semanticEncoderConfig } from "./config.js";
export type { SemanticEncoderConfig } from "./config.js";
export { semanticEncoder } from "./semantic-encoder.js";
