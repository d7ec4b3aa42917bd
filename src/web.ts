// The door for browsers, `followspot/web`: draw from a model at an address; nothing of Node is behind it.

// Drawing
export { loadPipeline } from "./pipelines/text-to-image-web.js";
export type { WebLoadOptions } from "./pipelines/text-to-image-web.js";
export type {
  DrawnPicture,
  DrawStep,
  Heatmap,
  OpenOptions,
  TextToImagePipeline,
} from "./pipelines/text-to-image-pipeline.js";
export type { DrawOptions, PlacedWords } from "./pipelines/text-to-image-order.js";
export type { BoxReport, BoxTokens } from "./pipelines/draw-request.js";
export type { EditedSites } from "./pipelines/text-to-image-run.js";
export type { AttentionSite } from "./nn/attention.js";
export type { Picture } from "./io/image.js";

// What a loaded model says of itself
export type { DrawDefaults, PipelineModel } from "./pipelines/text-to-image-model.js";

// Where models come from
export { urlSource } from "./io/model-source-url.js";
export type { FetchProgress, UrlSourceOptions } from "./io/model-source-url.js";
export { memoryBytes } from "./io/byte-source.js";
export type { ByteSource } from "./io/byte-source.js";
export type { ModelSource } from "./io/model-source.js";

// Boxes, methods and samplers by name
export { NAMED_BOXES, parseBox, parseBoxes } from "./pipelines/box.js";
export type { Box, BoxScale, Size, WordBox } from "./pipelines/box.js";
export { METHOD_NAMES } from "./pipelines/recipe-methods.js";
export type {
  Method,
  MethodDefaults,
  MethodName,
  MethodSketch,
} from "./pipelines/recipe-methods.js";
export { SAMPLER_NAMES } from "./diffusion/samplers/registry.js";
export type { SamplerName } from "./diffusion/samplers/registry.js";

// Recipes: all that makes a picture, as JSON
export { formatRecipe, parseRecipe, parseSketch } from "./pipelines/recipe.js";
export type { Recipe, RecipeSketch } from "./pipelines/recipe.js";

// The engine: graphs are built and differentiated here, and run by onnxruntime-web
export { Graph } from "./engine/graph.js";
export type { Value, ValueType } from "./engine/graph.js";
export type {
  ConvolutionGeometry,
  ExternalLocation,
  OperatorAttributes,
  OperatorName,
} from "./engine/operators.js";
export * as functions from "./engine/functions.js";
export { gradient } from "./engine/gradient.js";
export { floats, integers, tensor } from "./core/tensor.js";
export type { HostTensor } from "./core/tensor.js";
export type { DataOf, DType } from "./core/dtype.js";
export type { Shape } from "./core/shape.js";
export { webRuntime } from "./engine/runtime/web.js";
export type { WebOptions, WebProvider } from "./engine/runtime/web.js";
export type { CompileOptions, Runtime, Session, Tensors } from "./engine/runtime/session.js";
export type { ConvolutionLowering, LowerOptions } from "./engine/lower/index.js";

// Errors of bad input: a line for people, and what to do about it
export { FollowspotError } from "./core/errors.js";
