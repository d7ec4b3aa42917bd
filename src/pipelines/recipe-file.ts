// Recipes in files: JSON, or the chunk of a picture that followspot drew.
import { readFile } from "node:fs/promises";
import { FollowspotError } from "../core/errors.js";
import { fileError } from "../io/file-error.js";
import { parseJson } from "../io/json.js";
import { SIGNATURE } from "../io/png-chunks.js";
import { readPngText } from "../io/png-text.js";
import { parametersText } from "./draw-parameters.js";
import type { Recipe, RecipeSketch } from "./recipe.js";
import { formatRecipe, parseSketch } from "./recipe.js";

/** Keyword of the PNG text chunk that holds the recipe's JSON. */
export const RECIPE_CHUNK = "followspot";

/**
 * The texts that a picture's PNG carries: its recipe, from which `followspot draw --from` draws it again, and the same
 * in the words of other programs, under `parameters`.
 *
 * `encodePng(data, width, height, pngTexts(recipe))`
 */
export function pngTexts(recipe: Recipe): Record<string, string> {
  return { [RECIPE_CHUNK]: formatRecipe(recipe, 0), parameters: parametersText(recipe) };
}

/**
 * Reads the recipe of a picture or of a JSON file.
 *
 * @throws FollowspotError if the file cannot be read or holds no recipe that this version knows.
 */
export async function readRecipeFile(path: string): Promise<RecipeSketch> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fileError("recipe", path, error);
  }
  return recipeFromBytes(bytes, path);
}

/**
 * Reads the recipe from a file's bytes; `name` stands in errors.
 *
 * @throws FollowspotError as readRecipeFile
 */
export function recipeFromBytes(bytes: Uint8Array, name: string): RecipeSketch {
  const isPng = SIGNATURE.every((byte, index) => bytes[index] === byte);
  return parseSketch(parseJson(isPng ? recipeChunk(bytes, name) : decode(bytes, name), name));
}

function recipeChunk(png: Uint8Array, name: string): string {
  const text = readPngText(png)[RECIPE_CHUNK];
  if (text !== undefined) return text;
  throw new FollowspotError(`recipe: ${name}: the picture carries no recipe.`, {
    remedy: "Some programs strip it when they save; use the file that followspot wrote.",
  });
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = `recipe: ${name}: expected a PNG or JSON text, got other bytes.`;
    throw new FollowspotError(message, { cause });
  }
}
