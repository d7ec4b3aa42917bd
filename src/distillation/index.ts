// Students from teachers: targets, losses and grids of times, semantic prediction, and sampling in few steps.

// Targets and losses
export { TARGET_KINDS, distillation, distillationLoss, errorsOf, weightedError } from "./loss.js";
export type { Distillation, DistillationNetworks, DistillationShape, TargetKind } from "./loss.js";
export {
  consistencyTarget,
  progressiveTarget,
  referenceTarget,
  teacherArrival,
} from "./targets.js";
export { STUDENT_KINDS, distributionLoss } from "./distribution.js";
export type { DistributionNetworks, DistributionParts, DistributionShape } from "./distribution.js";
export { frozenVector } from "./frozen.js";

// Times
export { isOnGrid } from "./known-times.js";
export { drawIntervals, gridFeeds, intervalLevels } from "./grid.js";
export type { GridOptions } from "./grid.js";
export { declareLevel, declarePath, levelFeeds, pathFeeds, pathThrough } from "./path.js";
export type { PathStep, PathValues } from "./path.js";

// Networks
export { classLabelsOf, cleanPicture, frozenWeights, pictureNetwork } from "./network.js";
export type { PictureNetwork, PictureNetworkOptions, Staged } from "./network.js";

// Semantic prediction
export {
  LATENT_SOURCES,
  SHIFT_FACTORS,
  TOLD,
  combined,
  informationGraph,
  semanticLoss,
  shiftFactor,
} from "./semantic.js";
export type { LatentSource, SemanticNetworks, SemanticOptions, ShiftFactor } from "./semantic.js";
export {
  latentNoise,
  LatentSampler,
  denormalised,
  latentFeeds,
  latentLoss,
  latentSchedule,
  latentStatistics,
  normalised,
} from "./latent.js";
export type { LatentSamplerOptions, LatentStatistics } from "./latent.js";

// Sampling
export { CONTINUATIONS, CompiledPredictor, fewSteps } from "./few-steps.js";
export type { Continuation, Evaluations, PredictorOptions } from "./few-steps.js";

// Runs
export { taskOf } from "./kinds.js";
export { distillationSchema, roundsOf } from "./run/config.js";
export type { DistillationConfig, Round } from "./run/config.js";
export { semanticSchema } from "./semantic-run/config.js";
export type { SemanticConfig } from "./semantic-run/config.js";
export { readSemantic, semanticPredict } from "./semantic-run/export.js";
export type { SemanticStudent } from "./semantic-run/export.js";
export { measureInformation, readSemanticModels } from "./semantic-run/train.js";
export type { Information } from "./semantic-run/train.js";
export { latentSchema } from "./latent-run/config.js";
export type { LatentConfig } from "./latent-run/config.js";
export { encodePictures } from "./semantic-run/encode.js";
export { readLatent } from "./latent-run/export.js";
export type { LatentModel } from "./latent-run/export.js";
