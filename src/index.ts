// The door of the package in Node (followspot/web is that for browsers): load a model, draw with things in their boxes, read and write recipes.

// Drawing
export { loadPipeline } from "./pipelines/text-to-image.js";
export type {
  DrawnPicture,
  DrawStep,
  FolderPipeline,
  LoadOptions,
  TextToImagePipeline,
} from "./pipelines/text-to-image.js";
export type { Heatmap, OpenOptions } from "./pipelines/text-to-image-pipeline.js";
export type { ObtainOptions } from "./pipelines/text-to-image-obtain.js";
export type { Variant } from "./pipelines/text-to-image-files.js";
export type { DownloadProgress } from "./io/hub-download.js";
export type { DrawOptions, PlacedWords } from "./pipelines/text-to-image-order.js";
export type { BoxReport, BoxTokens } from "./pipelines/draw-request.js";
export type { EditedSites } from "./pipelines/text-to-image-run.js";
export type { AttentionSite } from "./nn/attention.js";

// What a loaded model says of itself
export type { DrawDefaults, PipelineModel } from "./pipelines/text-to-image-model.js";
export type { ModelSource } from "./io/model-source.js";
export type { ByteSource } from "./io/byte-source.js";

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

// Recipes: all that makes a picture, as JSON and inside PNG files
export { formatRecipe, parseRecipe, parseSketch } from "./pipelines/recipe.js";
export type { Recipe, RecipeSketch } from "./pipelines/recipe.js";
export { pngTexts, readRecipeFile, recipeFromBytes } from "./pipelines/recipe-file.js";

// Pictures and files
export { decodeImage } from "./io/image.js";
export type { Picture } from "./io/image.js";
export { encodePng } from "./io/png.js";

// The engine: graphs are built and differentiated here, and run by ONNX Runtime
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
export { nodeRuntime } from "./engine/runtime/node.js";
export type { NodeProvider } from "./engine/runtime/node.js";
export { workerRuntime } from "./engine/runtime/worker.js";
export type { CompileOptions, Runtime, Session, Tensors } from "./engine/runtime/session.js";
export type { ConvolutionLowering, LowerOptions } from "./engine/lower/index.js";

// Errors of bad input: a line for people, and what to do about it
export { FollowspotError } from "./core/errors.js";
