// Students from teachers: targets, losses and grids of times.

export { frozenVector } from "./frozen.js";
export { drawIntervals, gridFeeds, intervalLevels } from "./grid.js";
export type { GridOptions, LevelSchedule } from "./grid.js";
export { distillation, distillationLoss, errorsOf, lossWeight, weightedError } from "./loss.js";
export { TARGET_KINDS, WEIGHTINGS } from "./loss.js";
export type {
  Distillation,
  DistillationNetworks,
  DistillationShape,
  TargetKind,
  Weighting,
} from "./loss.js";
export { CLEAN, declareLevel, declarePath, levelFeeds, pathFeeds, pathThrough } from "./path.js";
export type { PathStep, PathValues } from "./path.js";
export {
  consistencyTarget,
  progressiveTarget,
  referenceTarget,
  teacherArrival,
} from "./targets.js";
