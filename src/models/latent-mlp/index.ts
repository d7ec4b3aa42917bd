// The latent network: configuration and graph.

export { parseLatentMlpConfig } from "./config.js";
export type { LatentMlpConfig } from "./config.js";
export { latentMlp } from "./latent-mlp.js";
