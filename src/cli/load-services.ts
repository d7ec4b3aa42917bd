// The modules behind the verbs, loaded when first asked for: help and flag errors need no engine.
import type { Services } from "./services.js";

export const services: Services = {
  drawing: () => import("../pipelines/draw.js"),
  inspection: () => import("../pipelines/inspect.js"),
  training: () => import("../pipelines/train.js"),
  sampling: () => import("../pipelines/sample.js"),
  evaluation: () => import("../pipelines/evaluate.js"),
  distribution: () => import("../pipelines/evaluate-distribution.js"),
  errors: () => import("../pipelines/evaluate-errors.js"),
};
