// The door of the package: load a model, draw with things in their boxes, read and write recipes.

// Drawing
export { loadPipeline } from "./pipelines/text-to-image.js";
export type {
  DrawnPicture,
  DrawStep,
  LoadOptions,
  TextToImagePipeline,
} from "./pipelines/text-to-image.js";
export type { DrawOptions, PlacedWords } from "./pipelines/text-to-image-order.js";
export type { BoxReport, BoxTokens } from "./pipelines/draw-request.js";

// Boxes, methods and samplers by name
export { NAMED_BOXES, parseBox, parseBoxes } from "./pipelines/box.js";
export type { Box, Size, WordBox } from "./pipelines/box.js";
export { METHOD_NAMES } from "./pipelines/recipe-methods.js";
export type { Method, MethodName } from "./pipelines/recipe-methods.js";
export { SAMPLER_NAMES } from "./diffusion/samplers/registry.js";
export type { SamplerName } from "./diffusion/samplers/registry.js";

// Recipes: all that makes a picture, as JSON and inside PNG files
export { formatRecipe, parseRecipe, parseSketch } from "./pipelines/recipe.js";
export type { Recipe, RecipeSketch } from "./pipelines/recipe.js";
export { readRecipeFile, recipeFromBytes } from "./pipelines/recipe-file.js";

// Pictures and files
export { decodeImage, encodePng } from "./io/image.js";
export type { Picture } from "./io/image.js";

// Where graphs run
export { nodeRuntime } from "./engine/runtime/node.js";
export { workerRuntime } from "./engine/runtime/worker.js";
export type { CompileOptions, Runtime, Session } from "./engine/runtime/session.js";

// Errors of bad input: a line for people, and what to do about it
export { FollowspotError } from "./core/errors.js";
