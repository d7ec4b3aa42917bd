// The modules behind the verbs, loaded when first asked for: help and flag errors need no engine.
import type { Services } from "./services.js";

const load = <T>(module: string): Promise<T> => import(module) as Promise<T>;

export const services: Services = {
  drawing: () => import("../pipelines/draw.js"),
  inspection: () => import("../pipelines/inspect.js"),
  training: () => import("../pipelines/train.js"),
  evaluation: () => load("../pipelines/evaluate.js"),
};
