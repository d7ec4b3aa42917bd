// The door of the folder: the contract, the schedule of a model, what networks predict, and sampling.

// Contract
export type {
  Condition,
  Denoiser,
  Latent,
  Level,
  Objective,
  Prediction,
  Pullback,
  Request,
} from "./denoiser.js";

// Schedule
export { readSchedulerConfig, schedulerConfig } from "./scheduler-config.js";
export type { SchedulerConfig, Spacing } from "./scheduler-config.js";
export { levelAt, makeSchedule, noiseLevel } from "./schedule.js";
export type { Schedule } from "./schedule.js";

// Noise schedules in continuous time
export { LOG_SNR_KINDS, logSnrSchedule, timestepAt, trainedBetas } from "./log-snr.js";
export type { LogSnrKind, LogSnrLevel, LogSnrOptions, LogSnrSchedule } from "./log-snr.js";
export { LOSS_WEIGHTINGS, outputWeight, signalWeight } from "./continuous-loss.js";
export type { LossWeighting } from "./continuous-loss.js";
export { clipping, CONTINUOUS_SAMPLERS, continuously, VARIANCES } from "./continuous.js";
export type { ContinuousOptions, ContinuousSampler, Variance } from "./continuous.js";

// Parameterisations
export {
  HEADS,
  PARAMETERISATIONS,
  PREDICTION_OF_HEAD,
  PREDICTION_TYPES,
  addNoise,
  levelOfLogSnr,
  logSnr,
  toEps,
  toTarget,
  toX0,
} from "./parameterisations.js";
export type { Head, Parameterisation, PredictionType } from "./parameterisations.js";

// Arithmetic on latents
export { clipped, weightedSum } from "./elementwise.js";

// Sampling
export { NoiseSource } from "./noise-source.js";
export {
  SAMPLERS,
  SAMPLER_NAMES,
  isSamplerName,
  samplerNamed,
  samplerOfConfig,
} from "./samplers/registry.js";
export type { SamplerName } from "./samplers/registry.js";
export { sample, sampleToEnd } from "./samplers/sample.js";
export type { SampleOptions, SampleStep } from "./samplers/sample.js";
export type { Plan, Sampler } from "./samplers/sampler.js";
