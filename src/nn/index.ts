// Layers as functions of (weights, name, x), and the places weights come from.

// Layers
export { activation } from "./activation.js";
export { attention, fusedPolicy } from "./attention.js";
export type {
  AttentionOptions,
  AttentionPolicy,
  AttentionSite,
  MapsFunction,
} from "./attention.js";
export { conv, cropTo, upsampleNearest2x } from "./conv.js";
export type { ConvOptions } from "./conv.js";
export { embedding, linear } from "./linear.js";
export type { LinearOptions } from "./linear.js";
export { groupNorm, layerNorm } from "./norm.js";
export type { GroupNormOptions } from "./norm.js";
export { resblock } from "./resblock.js";
export type { ResblockOptions } from "./resblock.js";
export { timestepEmbedding, timestepSinusoids } from "./timestep.js";
export type { SinusoidOptions } from "./timestep.js";
export { feedForward, spatialTransformer } from "./transformer.js";
export type { TransformerOptions } from "./transformer.js";

// Weights
export { ConstantWeights } from "./constant-weights.js";
export { ExternalWeights } from "./external-weights.js";
export type { StoredWeight } from "./external-weights.js";
export { collectSpecs, InputWeights } from "./input-weights.js";
export { Packing, PackedWeights } from "./packed-weights.js";
export { scoped } from "./weights.js";
export type { Initialisation, WeightRole, Weights, WeightSpec } from "./weights.js";

// Starting values
export { fanIn, initialise, normal, ONES, ZEROS } from "./init.js";
export type { RandomSource } from "./init.js";
