// The recipe of a drawing call: its options with every default filled in, and what drew it.

import { RECIPE_VERSION } from "./recipe.js";
import type { Recipe } from "./recipe.js";
import type { DrawOptions, Order } from "./text-to-image-order.js";

/** What of a recipe is no choice of the call: the model, where it runs, and by which programs. */
export type RecipeOrigin = Pick<Recipe, "model" | "backend" | "versions">;

/** The recipe of a checked call's first picture. */
export function recipeOfOrder(
  order: Order,
  { prompt, negative = "" }: DrawOptions,
  origin: RecipeOrigin,
): Recipe {
  const { boxes, method, sampler, steps, cfg, seeds, size } = order;
  return {
    version: RECIPE_VERSION,
    prompt,
    negative,
    boxes: boxes.map(({ words, box, strength, until }) => {
      return { words, box: [...box], strength, until };
    }),
    method,
    sampler,
    steps,
    cfg,
    // A recipe's seed has no sign; the generator takes the low bits alone.
    seed: BigInt.asUintN(64, seeds[0]!),
    size: [...size],
    ...origin,
  };
}
