// What a recipe costs, counted in passes of the denoising network, which nearly all of the time goes into.
import type { SamplerName } from "../diffusion/samplers/registry.js";
import { isInRange } from "../guidance/placement/region.js";
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

export interface CostOptions {
  /** Also the plain picture beside it. */
  readonly compare?: boolean;
  /** The network takes guidance as a number, in one evaluation. */
  readonly takesGuidance?: boolean;
  /** Heat maps look at the attention of every step. */
  readonly heatmaps?: boolean;
  /** Noise levels of the steps, falling, 1 to 0; taken as evenly spaced when absent. */
  readonly run?: readonly number[];
}

// Schedules start just below the even shares of the noise range: at timestep 999 of 1000.
const BELOW = 1e-3;

const evenRun = (steps: number): number[] =>
  Array.from({ length: steps }, (_, index) => 1 - (index + BELOW) / steps);

/** The levels that the sampler asks at; Heun looks at both ends of all but the very last step. */
const askedAt = (sampler: SamplerName, run: readonly number[]): readonly number[] =>
  sampler === "heun" ? [...run, ...run.slice(1)] : run;

/**
 * Cost of one picture by the recipe, and of the plain one beside it with `compare`, where two compiled graphs of
 * the network fit into memory; a lean pipeline has the maps in hand and looks at them for nothing.
 */
export function recipeCost(recipe: Costly, options: CostOptions = {}): Cost {
  const { compare = false, heatmaps = false } = options;
  if (options.takesGuidance) recipe = { ...recipe, cfg: 1 };
  const levels = askedAt(recipe.sampler, options.run ?? evenRun(recipe.steps));
  const parts = levels.map((level) => passCost(recipe, level, heatmaps));
  if (compare) {
    const plain: Costly = { ...recipe, method: { name: "none" }, boxes: [] };
    parts.push(...levels.map((level) => passCost(plain, level, false)));
  }
  return {
    forward: parts.reduce((sum, { forward }) => sum + forward, 0),
    backward: parts.reduce((sum, { backward }) => sum + backward, 0),
  };
}

/** What the sampler's question at one level costs. */
function passCost({ method, boxes, cfg }: Costly, level: number, heatmaps: boolean): Cost {
  const inRange = boxes.filter((box) => isInRange(box, level));
  const isDirected = method.name !== "none" && inRange.some(({ strength }) => strength > 0);
  // Maps that no edit has in hand cost one more pass, without guidance.
  const look = !isDirected && (heatmaps || inRange.length > 0) ? 1 : 0;
  const own = cfg === 1 ? 1 : 2;
  if (!isDirected || method.name !== "dd") return { forward: own + look, backward: 0 };
  // The plain maps that the targets are made of, then the descent.
  return { forward: own + 1 + method.iterations, backward: method.iterations };
}
