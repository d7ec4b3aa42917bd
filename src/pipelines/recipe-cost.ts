// What a recipe costs, counted in passes of the denoising network, which nearly all of the time goes into.
import type { SamplerName } from "../diffusion/samplers/registry.js";
import type { Recipe } from "./recipe.js";

/** Network passes; guidance counts its unconditional pass, whether or not it shares a batch. */
export interface Cost {
  forward: number;
  backward: number;
}

/** What of a recipe the cost depends on. */
export type Costly = Pick<Recipe, "steps" | "cfg" | "sampler" | "method"> & {
  readonly boxes: readonly { readonly strength: number; readonly until: number }[];
};

/** Passes of the first `count` of `steps` steps; Heun looks twice in all but the very last. */
const passes = (sampler: SamplerName, count: number, steps: number): number =>
  sampler === "heun" ? Math.min(2 * count, 2 * steps - 1) : count;

/** Steps of `steps` that begin in the first `until` of the noise range, if they are spaced evenly. */
export const directedSteps = (steps: number, until: number): number =>
  Math.max(0, Math.min(steps, Math.ceil(until * steps - 1e-9)));

/** Cost of one picture by the recipe, and of the plain one beside it with `compare`. */
export function recipeCost(recipe: Costly, options: { compare?: boolean } = {}): Cost {
  const perPass = recipe.cfg === 1 ? 1 : 2;
  const plain = perPass * passes(recipe.sampler, recipe.steps, recipe.steps);
  const search = recipe.method.name === "dd" ? searchPasses(recipe, recipe.method.iterations) : 0;
  return { forward: plain + search + (options.compare ? plain : 0), backward: search };
}

/** Each descent of `dd` is one forward and one backward pass of the conditional half. */
function searchPasses(recipe: Costly, iterations: number): number {
  const active = recipe.boxes.filter(({ strength }) => strength > 0);
  const until = Math.max(0, ...active.map((box) => box.until));
  const count = directedSteps(recipe.steps, until);
  return iterations * passes(recipe.sampler, count, recipe.steps);
}
