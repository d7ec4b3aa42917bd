// The gradient predictor: configuration and graph.

export { parseGradientPredictorConfig, WIRINGS } from "./config.js";
export type { GradientPredictorConfig, Wiring } from "./config.js";
export { gradientPredictor } from "./gradient-predictor.js";
export type { GradientPredictorInputs } from "./gradient-predictor.js";
